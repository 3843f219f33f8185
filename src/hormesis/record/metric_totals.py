"""Metric totals: the slices of each metric put together, whole or by tags.

A counter's total is its sum, a gauge's value its last one, a rate's the share of true values; a
trend's percentiles come from its merged histogram, within 1 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hormesis.record.trend import Trend
from hormesis.words.metric import MetricSlice, MetricSort


@dataclass(slots=True)
class MetricTotal:
    """Everything that was added to one metric; see :class:`~hormesis.words.metric.MetricSlice`."""

    metric: str
    sort: MetricSort
    load: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    total: float = 0.0
    lowest: float = float("inf")
    highest: float = float("-inf")
    last: float = 0.0
    last_start: float = float("-inf")
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, one: MetricSlice) -> None:
        """Add a slice."""
        self.count += one.count
        self.total += one.total
        self.lowest = min(self.lowest, one.lowest)
        self.highest = max(self.highest, one.highest)
        if one.start >= self.last_start:
            self.last, self.last_start = one.last, one.start
        for bucket, number in one.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + number

    @property
    def mean(self) -> float | None:
        """Return the mean of all values; of a rate, the share of true ones."""
        return self.total / self.count if self.count else None

    def trend(self) -> Trend:
        """Return the values of a trend, with percentiles within 1 %."""
        made = Trend()
        made.add_slice(
            MetricSlice(
                self.metric, self.sort, self.load, 0.0, self.count, self.total, self.lowest,
                self.highest, self.last, self.tags, self.buckets,
            )
        )  # fmt: skip
        return made


Key = tuple[str, ...]


def metric_totals(
    slices: Iterable[MetricSlice], key_of: Callable[[MetricSlice], Key] = lambda one: (one.metric,)
) -> dict[Key, MetricTotal]:
    """Return one total per key, in the order in which the keys were first seen.

    A slice whose key is empty is left out. ``load`` and ``tags`` are those of the key's first one.
    """
    found: dict[Key, MetricTotal] = {}
    for one in slices:
        key = key_of(one)
        if not key:
            continue
        if key not in found:
            found[key] = MetricTotal(one.metric, one.sort, one.load, one.tags)
        found[key].add(one)
    return found


def by_series(one: MetricSlice) -> Key:
    """Return a key that tells every combination of load and tags apart."""
    return (one.metric, one.load, *(f"{name}={value}" for name, value in sorted(one.tags.items())))


@dataclass(frozen=True, slots=True)
class CheckCount:
    """How often one check of the load passed and failed; ``group`` is ``::outer::inner``."""

    load: str
    group: str
    name: str
    passes: int
    fails: int


def check_counts(slices: Iterable[MetricSlice]) -> list[CheckCount]:
    """Return the checks that users counted, in the order in which they were first seen."""
    totals = metric_totals(
        slices,
        lambda one: (
            (one.load, one.tags.get("group", ""), one.tags.get("check", ""))
            if one.metric == "checks"
            else ()
        ),
    )
    return [
        CheckCount(load, group, name, round(one.total), one.count - round(one.total))
        for (load, group, name), one in totals.items()
    ]
