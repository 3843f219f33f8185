"""Load series: per interval how many users there were, what was due, what was done, how late.

What was due counts where it was due and what ended where it ended, so that the gap between both
curves is the queue in front of the system. Latencies belong to the interval in which an operation
was due: that is when somebody began to wait.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hormesis.record.drop_table import drop_table_of
from hormesis.record.load_table import load_ops
from hormesis.record.metric_table import slices_named
from hormesis.record.op_columns import Floats, Whole
from hormesis.record.op_record import OTHER
from hormesis.record.op_table import OpTable
from hormesis.record.results import AROUND
from hormesis.words.history import History
from hormesis.words.metric import SLICE_S, MetricSlice, MetricSort
from hormesis.words.op import Ended

ERRORS_MAX = 6
"""So many different errors have a series of their own; the others are put together."""
HEAT_ROWS_PER_DECADE = 8
GENERATOR_LAG, GENERATOR_CPU = "generator_lag", "generator_cpu"
"""Metrics of the generator itself: seconds that its event loop was late, CPU seconds per second."""


@dataclass(frozen=True)
class LoadSeries:
    """Arrays with one value per interval of ``width_s`` seconds, the first from ``start`` on.

    ``due``, ``done``, ``dropped``, ``waited`` and ``errors`` are per second, latencies in seconds,
    ``cpu`` in CPU seconds per second. NaN where nothing was measured; None where nothing ever was.
    """

    start: float
    width_s: float
    due: Floats
    done: Floats
    dropped: Floats
    errors: Mapping[str, Floats]
    lag_p99_s: Floats
    users: Floats | None
    waited: Floats | None
    loop_lag_s: Floats | None
    cpu: Floats | None

    @property
    def times(self) -> Floats:
        """Return the middle of each interval, in seconds of the run."""
        middles = np.arange(len(self.due), dtype=np.float64) + 0.5
        return np.asarray(self.start + middles * self.width_s, dtype=np.float64)


@dataclass(frozen=True)
class HeatMap:
    """How many operations took how long when: ``counts[row][interval]``.

    Row *r* holds responses from ``edges_s[r]`` to ``edges_s[r + 1]`` seconds; edges grow
    geometrically.
    """

    edges_s: Floats
    counts: Whole


def load_series(history: History, start: float, width_s: float, intervals: int) -> LoadSeries:
    """Return the series of all loads together, *intervals* of *width_s* seconds from *start*."""
    ops = load_ops(history)
    axis = _Axis(start, width_s, intervals)
    dropped = axis.per_s(drop_table_of(history.drops).due_s)
    return LoadSeries(
        start=start,
        width_s=width_s,
        due=axis.per_s(ops.due_s) + dropped,
        done=axis.per_s(ops.ended_s),
        dropped=dropped,
        errors=_errors(ops, axis),
        lag_p99_s=percentile_by(axis.index(ops.due_s), ops.lag_s, 99.0, intervals),
        users=gauge_series(_slices(history, "vus"), axis),
        waited=_counted(_slices(history, "waited_iterations"), axis),
        loop_lag_s=_highest(_slices(history, GENERATOR_LAG), axis),
        cpu=_highest(_slices(history, GENERATOR_CPU), axis),
    )


def heat_map(history: History, start: float, width_s: float, intervals: int) -> HeatMap | None:
    """Return the response times of all loads by when they were due; None without any."""
    ops = load_ops(history)
    response = ops.response_s if len(ops) else np.empty(0)
    known = np.isfinite(response)
    if not known.any():
        return None
    values = np.maximum(response[known], 1e-5)
    low = math.floor(math.log10(values.min()) * HEAT_ROWS_PER_DECADE)
    rows = np.floor(np.log10(values) * HEAT_ROWS_PER_DECADE).astype(np.int64) - low
    height = int(rows.max()) + 1
    at = _Axis(start, width_s, intervals).index(ops.due_s[known])
    flat = np.bincount(rows * intervals + at, minlength=height * intervals)
    edges = 10.0 ** ((low + np.arange(height + 1)) / HEAT_ROWS_PER_DECADE)
    return HeatMap(edges, flat.reshape(height, intervals))


def percentile_by(index: Whole, values: Floats, percent: float, groups: int) -> Floats:
    """Return the percentile of *values* in each of *groups*, by nearest rank; NaN where none."""
    order = np.lexsort((values, index))
    counts = np.bincount(index, minlength=groups)
    ranks = np.maximum(1, np.ceil(np.round(counts * percent / 100, 9))).astype(np.int64)
    ends = np.cumsum(counts)
    found = np.full(groups, np.nan)
    some = counts > 0
    found[some] = values[order[(ends - counts + ranks - 1)[some]]]
    return found


def users_over_time(history: History, metric: str = "vus") -> list[float]:
    """Return how many users there were, all loads together, slice by slice."""
    slices = _slices(history, metric)
    if not slices:
        return []
    start = min(one.start for one in slices)
    intervals = round((max(one.start for one in slices) - start) / SLICE_S) + 1
    series = gauge_series(slices, _Axis(start, SLICE_S, intervals))
    return [] if series is None else series[np.isfinite(series)].tolist()


def users_at(history: History, moments: Sequence[float], load: str | None = None) -> list[int]:
    """Return how many users there were at each of *moments* (rising); 0 where nobody counted.

    Those of *load* alone, or of all loads together.
    """
    slices = [one for one in _slices(history, "vus") if load in (None, one.load)]
    if not slices or not moments:
        return [0] * len(moments)
    start = min(one.start for one in slices)
    last = max(one.start for one in slices)
    axis = _Axis(start, SLICE_S, round((last - start) / SLICE_S) + 1)
    series = gauge_series(slices, axis)
    if series is None:
        return [0] * len(moments)
    held = np.nan_to_num(series)
    # At the end of a second counts what was last seen in it.
    return [
        int(held[axis.index_of(moment - SLICE_S)]) if start < moment <= last + 1 + SLICE_S else 0
        for moment in moments
    ]


def gauge_series(slices: Sequence[MetricSlice], axis: _Axis) -> Floats | None:
    """Return the sum, over loads and tags, of a gauge's last value in each interval.

    Between two values a gauge keeps the earlier one; before the first and after the last there is
    none.
    """
    series: dict[object, dict[float, float]] = {}
    for one in slices:
        if one.sort is MetricSort.GAUGE:
            each = series.setdefault((one.load, tuple(sorted(one.tags.items()))), {})
            # Every process tells its own part of the same slice.
            each[one.start] = each.get(one.start, 0.0) + one.last
    if not series:
        return None
    summed = np.zeros(axis.intervals)
    seen = np.zeros(axis.intervals, dtype=bool)
    for each in series.values():
        found = np.full(axis.intervals, np.nan)
        for start in sorted(each):
            found[axis.index_of(start)] = each[start]
        known = np.flatnonzero(np.isfinite(found))
        held = np.maximum.accumulate(np.where(np.isfinite(found), np.arange(axis.intervals), -1))
        span = slice(known[0], known[-1] + 1)
        summed[span] += found[held[span]]
        seen[span] = True
    return np.where(seen, summed, np.nan)


@dataclass(frozen=True, slots=True)
class _Axis:
    start: float
    width_s: float
    intervals: int

    def index(self, times: Floats) -> Whole:
        found = np.floor((times - self.start) / self.width_s)
        # What was due before the axis begins, or ends after it, belongs to its ends.
        within: Whole = np.clip(np.nan_to_num(found), 0, self.intervals - 1).astype(np.int64)
        return within

    def index_of(self, time: float) -> int:
        return min(max(int((time - self.start) // self.width_s), 0), self.intervals - 1)

    def per_s(self, times: Floats) -> Floats:
        counts = np.bincount(self.index(times), minlength=self.intervals)
        return np.asarray(counts / self.width_s, dtype=np.float64)


def _errors(ops: OpTable, axis: _Axis) -> dict[str, Floats]:
    names = ["" if one.outcome is Ended.OK else one.error or "failed" for one in ops.labels]
    counts = np.bincount(ops.label, minlength=len(names)) if len(ops) else np.zeros(len(names))
    totals: Counter[str] = Counter()
    for name, number in zip(names, counts, strict=True):
        if name and number:
            totals[name] += int(number)
    shown = [name for name, _ in totals.most_common(ERRORS_MAX)]
    shown += [OTHER] if len(totals) > ERRORS_MAX else []
    place = {name: at for at, name in enumerate(shown)}
    other = len(shown) - 1
    row_of = np.array([place.get(name, other) if name else -1 for name in names], dtype=np.int64)
    if not shown:
        return {}
    rows = row_of[ops.label]
    bad = rows >= 0
    flat = rows[bad] * axis.intervals + axis.index(ops.due_s[bad])
    grid = np.bincount(flat, minlength=len(shown) * axis.intervals) / axis.width_s
    return dict(zip(shown, grid.reshape(len(shown), axis.intervals), strict=True))


def _slices(history: History, metric: str) -> list[MetricSlice]:
    return [one for one in slices_named(history.metrics, metric) if one.load not in AROUND]


def _counted(mine: Sequence[MetricSlice], axis: _Axis) -> Floats | None:
    if not mine:
        return None
    summed: Floats = np.zeros(axis.intervals)
    for one in mine:
        summed[axis.index_of(one.start)] += one.total / axis.width_s
    return summed


def _highest(mine: Sequence[MetricSlice], axis: _Axis) -> Floats | None:
    if not mine:
        return None
    found = np.full(axis.intervals, np.nan)
    for one in mine:
        at = axis.index_of(one.start)
        found[at] = one.highest if np.isnan(found[at]) else max(found[at], one.highest)
    return found
