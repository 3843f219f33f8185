"""Load tally: a load's figures as they stand, while it runs or after it; in bounded memory.

Whatever takes what a process recorded can be followed by a tally: it has the same methods, and
learns of operations as the run's files do, 28 bytes each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hormesis.record.exposition import (
    BOUNDS_S,
    Buckets,
    Family,
    FamilySort,
    Sample,
    metric_families,
)
from hormesis.record.load_table import LATENCIES, load_ops
from hormesis.record.metric_table import LEVELS
from hormesis.record.metric_totals import MetricTotal, by_series
from hormesis.record.metrics import METRICS
from hormesis.record.op_columns import Floats, Whole
from hormesis.record.op_record import DROPPED, OTHER, OUTCOMES, LabelRow
from hormesis.record.record_layout import LAYOUT
from hormesis.record.results import AROUND
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice
from hormesis.words.op import Label

NAMES_MAX = 200
"""So many names of a load are told apart; the later ones are one, called ``(other)``."""
SERIES_MAX = 2_000
"""So many series of other metrics are told apart; the later ones lose their tags."""

_CHUNK = 1 << 20
_BOUNDS = np.array(BOUNDS_S)
_COUNTED = {
    "iterations": "iterations", "dropped_iterations": "dropped", "waited_iterations": "waited",
}  # fmt: skip
"""What slices count and the loads' own records too, and how it is called there."""
_COUNTS = (
    ("iterations", "iterations that users completed", "iterations"),
    ("dropped_arrivals", "arrivals that nobody ever began", "dropped"),
    ("waited_arrivals", "arrivals that found no free user", "waited"),
)
Key = tuple[str, str]


@dataclass(slots=True)
class _Latency:
    """Counts by series and bucket, and sums by series."""

    counts: Whole
    totals: Floats

    def grow(self, size: int) -> None:
        if size > len(self.totals):
            more = max(size, 2 * len(self.totals)) - len(self.totals)
            self.counts = np.vstack([self.counts, np.zeros((more, len(_BOUNDS) + 1), np.int64)])
            self.totals = np.concatenate([self.totals, np.zeros(more)])

    def add(self, series: Whole, values: Floats) -> None:
        known = np.isfinite(values)
        if not known.all():
            series, values = series[known], values[known]
        width = len(_BOUNDS) + 1
        flat = series * width + np.searchsorted(_BOUNDS, values, side="left")
        added = np.bincount(flat, minlength=len(self.totals) * width)
        self.counts += added.reshape(self.counts.shape)
        self.totals += np.bincount(series, values, minlength=len(self.totals))


class LoadTally:
    """Counts and histograms by load and name, of all processes together."""

    def __init__(self) -> None:
        self._series: dict[Key, int] = {}
        self._latencies = {
            name: _Latency(np.zeros((0, len(_BOUNDS) + 1), np.int64), np.zeros(0))
            for name in LATENCIES
        }
        self._ended: Counter[tuple[str, str, str]] = Counter()
        self._errors: Counter[tuple[str, str, str]] = Counter()
        self._drops: Counter[str] = Counter()
        self._counted: Counter[tuple[str, str]] = Counter()
        """By load and the field of its record: what slices and operations tell of it."""
        self._metrics: dict[tuple[str, ...], MetricTotal] = {}
        self._checks: Counter[tuple[str, str, str, str]] = Counter()
        self._levels: dict[tuple[str, str, int], float] = {}
        self._loads: dict[tuple[int, str], LoadRecord] = {}
        self._shards: dict[int, TallyShard] = {}

    @classmethod
    def of(cls, history: History) -> LoadTally:
        """Return the tally of a finished run."""
        made = cls()
        ops = load_ops(history)
        places = made.places(ops.labels)
        latencies = [getattr(ops, f"{name}_s") for name in LATENCIES]
        for start in range(0, len(ops), _CHUNK):
            part = slice(start, start + _CHUNK)
            made.add(places, ops.label[part], *(each[part] for each in latencies))
        for one in history.loads:
            made.load(0, one)
        made.metrics(history.metrics)
        return made

    def shard(self, number: int) -> TallyShard:
        """Return what takes what one process records; it has labels of its own."""
        return self._shards.setdefault(number, TallyShard(self, number))

    def places(self, labels: Iterable[Label]) -> _Places:
        """Return where operations of *labels* are counted."""
        made = _Places()
        for label in labels:
            made.add(self._series_of(label.load, label.name), label.outcome.value, label.error)
        return made

    def add(
        self, places: _Places, label: Whole, response: Floats, service: Floats, lag: Floats
    ) -> None:
        """Count operations; *label* holds indexes into *places*, durations are in seconds."""
        counts = np.bincount(label, minlength=len(places.series)).tolist()
        for at, number in enumerate(counts):
            if number:
                load, name = places.keys[at]
                self._ended[load, name, places.outcomes[at]] += number
                if places.errors[at]:
                    self._errors[load, name, places.errors[at]] += number
        series = np.array(places.series, dtype=np.int64)[label]
        for name, values in zip(LATENCIES, (response, service, lag), strict=True):
            self._latencies[name].grow(len(self._series))
            self._latencies[name].add(series, values)

    def drop(self, load: str, number: int) -> None:
        """Count arrivals that nobody began."""
        self._drops[load] += number

    def metrics(self, slices: Iterable[MetricSlice], shard: int = 0) -> None:
        """Count what other metrics gathered in the process *shard*."""
        for one in slices:
            if one.load in AROUND:
                continue
            if one.metric in LEVELS:
                self._levels[one.metric, one.load, shard] = one.last
            elif one.metric in _COUNTED:
                self._counted[one.load, _COUNTED[one.metric]] += round(one.total)
            elif one.metric == "checks":
                group, check = one.tags.get("group", ""), one.tags.get("check", "")
                self._checks[one.load, group, check, "pass"] += round(one.total)
                self._checks[one.load, group, check, "fail"] += one.count - round(one.total)
            else:
                self._total_of(one).add(one)

    def load(self, shard: int, record: LoadRecord) -> None:
        """Take a load's record as it stands in one process; the latest counts."""
        if record.load not in AROUND:
            self._loads[shard, record.load] = record

    def families(self) -> list[Family]:
        """Return everything as it stands now."""
        return [
            *self._families_of_ops(),
            *self._families_of_loads(),
            _counter("hormesis_checks", "checks of the load that were made",
                     (({"load": load, "group": group, "check": check, "result": result}, number)
                      for (load, group, check, result), number in self._checks.items())),
            *self._families_of_levels(),
            *metric_families(self._metrics.values()),
        ]  # fmt: skip

    def _families_of_ops(self) -> list[Family]:
        ended = (
            ({"load": load, "name": name, "outcome": outcome}, number)
            for (load, name, outcome), number in self._ended.items()
        )
        errors = (
            ({"load": load, "name": name, "error": error}, number)
            for (load, name, error), number in self._errors.items()
        )
        found = [
            _counter("hormesis_operations", "operations that ended", ended),
            _counter("hormesis_errors", "operations that did not end ok, by error", errors),
        ]
        for name, told in LATENCIES.items():
            kept = self._latencies[name]
            samples = [
                Sample(
                    {"load": load, "name": op},
                    Buckets(BOUNDS_S, kept.counts[at].tolist(), float(kept.totals[at])),
                )
                for (load, op), at in self._series.items()
                if at < len(kept.totals)
            ]
            family = f"hormesis_{name}_seconds"
            found.append(Family(family, FamilySort.HISTOGRAM, told, samples))
        return found

    def _families_of_loads(self) -> list[Family]:
        mine: dict[str, list[LoadRecord]] = {}
        for one in self._loads.values():
            mine.setdefault(one.load, []).append(one)
        loads = dict.fromkeys([*mine, *self._drops, *(load for load, _ in self._counted)])

        def count(load: str, field: str) -> int:
            # Each of them may be ahead of the others while the load runs.
            recorded: int = sum(getattr(one, field) for one in mine.get(load, ()))
            dropped = self._drops[load] if field == "dropped" else 0
            return max(recorded, dropped, self._counted[load, field])

        def worst(name: str, told: str, field: str) -> Family:
            samples = [
                Sample({"load": load}, max(getattr(one, field) for one in each))
                for load, each in mine.items()
            ]
            return Family(f"hormesis_generator_{name}", FamilySort.GAUGE, told, samples)

        return [
            *(
                _counter(f"hormesis_{name}", told,
                         [({"load": load}, count(load, field)) for load in loads])
                for name, told, field in _COUNTS
            ),
            worst("lag_max_seconds", "how late the generator's event loop was", "loop_lag_s"),
            worst("cpu_ratio", "CPU seconds per second in its busiest stretch", "cpu_share"),
        ]  # fmt: skip

    def _families_of_levels(self) -> list[Family]:
        summed: dict[str, Counter[str]] = {}
        for (metric, load, _), value in self._levels.items():
            summed.setdefault(metric, Counter())[load] += round(value)
        return [
            Family(
                f"hormesis_{metric}",
                FamilySort.GAUGE,
                METRICS[metric].meaning,
                [Sample({"load": load}, value) for load, value in each.items()],
            )
            for metric, each in summed.items()
        ]

    def _series_of(self, load: str, name: str) -> tuple[Key, int]:
        key = (load, name)
        if key not in self._series:
            names = sum(one == load for one, _ in self._series)
            key = key if names < NAMES_MAX else (load, OTHER)
        return key, self._series.setdefault(key, len(self._series))

    def _total_of(self, one: MetricSlice) -> MetricTotal:
        key, tags = by_series(one), one.tags
        if key not in self._metrics and len(self._metrics) >= SERIES_MAX:
            key, tags = (one.metric, one.load), {}
        if key not in self._metrics:
            self._metrics[key] = MetricTotal(one.metric, one.sort, one.load, tags)
        return self._metrics[key]


@dataclass(slots=True)
class _Places:
    """Where operations of each label are counted."""

    keys: list[Key] = field(default_factory=list)
    series: list[int] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, place: tuple[Key, int], outcome: str, error: str) -> None:
        self.keys.append(place[0])
        self.series.append(place[1])
        self.outcomes.append(outcome)
        self.errors.append(error)


class TallyShard:
    """Takes what one process recorded, as the run's files do."""

    def __init__(self, tally: LoadTally, number: int) -> None:
        self._tally = tally
        self._number = number
        self._places = _Places()
        self._aside: list[str] = []
        """By label: empty for operations, else the load that dropped, made ready or tidied up."""

    def labels(self, rows: Iterable[LabelRow]) -> None:
        """Take labels in the order of their numbers: load, name, outcome code, error, tags."""
        for load, name, code, error, _ in rows:
            aside = code == DROPPED or load in AROUND
            outcome = OUTCOMES[0 if code == DROPPED else code]
            self._aside.append(load if aside else "")
            place = ((load, ""), 0) if aside else self._tally._series_of(load, name)
            self._places.add(place, outcome.value, error)

    def ops(self, chunk: bytes) -> None:
        """Take operations, 28 bytes each; their labels were taken before."""
        found = np.frombuffer(chunk, dtype=LAYOUT)
        label = found["label"].astype(np.int64)
        aside = np.array([bool(one) for one in self._aside], dtype=np.bool_)[label]
        if aside.any():
            counts = np.bincount(label[aside], minlength=len(self._aside)).tolist()
            for at, number in enumerate(counts):
                if number and self._aside[at] not in AROUND:
                    self._tally.drop(self._aside[at], number)
            found, label = found[~aside], label[~aside]
        lag, took = found["lag_us"] / 1e6, found["took_us"] / 1e6
        self._tally.add(self._places, label, lag + took, took, lag)

    def values(self, values: Sequence[object]) -> None:
        """Take what operations were about, which is in no figure."""

    def metrics(self, slices: Iterable[MetricSlice]) -> None:
        """Take what other metrics gathered."""
        self._tally.metrics(slices, self._number)

    def load(self, record: LoadRecord) -> None:
        """Take a load's record as it stands."""
        self._tally.load(self._number, record)


def _counter(name: str, told: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    made = [Sample(labels, value) for labels, value in samples]
    return Family(f"{name}_total", FamilySort.COUNTER, told, made)
