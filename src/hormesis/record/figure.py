"""Figures: what an aggregation makes of the values that a metric had, in a whole run or a window.

Values come from operations, each with its moment (:class:`Points`), or from the slices in which
everything else is gathered (:class:`Slices`). Both are put in order of time once a window of them
is asked for, so that the next one is found at once. Percentiles of points are exact, by nearest
rank; those of slices are within 1 %, as their histograms are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from hormesis.record.metric_table import LEVELS
from hormesis.record.op_columns import Floats, Mask
from hormesis.record.percentile import rank_of
from hormesis.record.trend import Trend
from hormesis.words.metric import MetricSlice, MetricSort

_PERCENTS = {"min": 0.0, "med": 50.0, "max": 100.0}


class Values(Protocol):
    """The values of a metric, in order of time."""

    @property
    def sort(self) -> MetricSort:
        """Return how they are put together."""
        ...

    @property
    def count(self) -> int:
        """Return how many there are."""
        ...

    def within(self, start: float, end: float) -> Values:
        """Return those from *start* up to, not including, *end*, in seconds of the run."""
        ...

    def figure(self, aggregation: str, percent: float, lasted_s: float) -> float | None:
        """Return the figure of them; None when it has no meaning.

        *lasted_s* is how long a load was running, for what is counted per second.
        """
        ...


@dataclass(frozen=True, eq=False)
class Points:
    """Values with a moment each; of a counter every moment counts one, and there are no values."""

    sort: MetricSort
    times: Floats
    """In seconds of the run; they need not be in order."""
    values: Floats | Mask | None = None

    @cached_property
    def _ordered(self) -> Points:
        # Made for windows only: of ten million operations every copy is 80 MB.
        if np.all(self.times[1:] >= self.times[:-1]):
            return self
        order = np.argsort(self.times, kind="stable")
        values = self.values
        return Points(self.sort, self.times[order], None if values is None else values[order])

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.times)

    def within(self, start: float, end: float) -> Points:
        """Return those from *start* up to, not including, *end*, in order of time."""
        even = self._ordered
        low, high = np.searchsorted(even.times, (start, end))
        values = even.values
        return Points(self.sort, even.times[low:high], None if values is None else values[low:high])

    def with_worst(self, times: Floats) -> Points:
        """Return these and one at each of *times* that failed, or never ended."""
        if self.values is None:
            return self
        worst = 1.0 if self.sort is MetricSort.RATE else math.inf
        values = np.concatenate([self.values, np.full(len(times), worst)])
        return Points(self.sort, np.concatenate([self.times, times]), values)

    def figure(self, aggregation: str, percent: float, lasted_s: float) -> float | None:
        """Return the figure of them; None when it has no meaning."""
        values = self.values
        if values is None:
            if aggregation == "rate":
                return self.count / lasted_s if lasted_s > 0 else None
            return float(self.count)
        if aggregation == "count":
            return float(values.sum() if self.sort is MetricSort.RATE else len(values))
        if not len(values):
            return None
        if self.sort is MetricSort.RATE or aggregation == "avg":
            return float(values.mean())
        rank = rank_of(_PERCENTS.get(aggregation, percent), len(values))
        if rank == len(values):
            return float(values.max())
        return float(values.min() if rank == 1 else np.partition(values, rank - 1)[rank - 1])


@dataclass(frozen=True, eq=False)
class Slices:
    """Slices of one metric, in order of their starts."""

    rows: Sequence[MetricSlice]

    @classmethod
    def of(cls, rows: Iterable[MetricSlice]) -> Slices:
        """Return *rows* in order."""
        return cls(sorted(rows, key=lambda one: one.start))

    @property
    def sort(self) -> MetricSort:
        """Return how the values are put together."""
        return self.rows[0].sort if self.rows else MetricSort.COUNTER

    @property
    def count(self) -> int:
        """Return how many values there were."""
        return sum(one.count for one in self.rows)

    @property
    def alike(self) -> bool:
        """Return whether all values were the same."""
        rows = [one for one in self.rows if one.count]
        return len({value for one in rows for value in (one.lowest, one.highest)}) <= 1

    @cached_property
    def _starts(self) -> Floats:
        return np.array([one.start for one in self.rows])

    def within(self, start: float, end: float) -> Slices:
        """Return the slices that begin from *start* up to, not including, *end*."""
        low, high = np.searchsorted(self._starts, (start, end))
        return Slices(self.rows[low:high])

    def figure(self, aggregation: str, percent: float, lasted_s: float) -> float | None:
        """Return the figure of them; None when it has no meaning."""
        rows = [one for one in self.rows if one.count]
        total = math.fsum(one.total for one in rows)
        if self.sort is MetricSort.COUNTER:
            if aggregation == "rate":
                return total / lasted_s if lasted_s > 0 else None
            return total
        if not rows:
            return None
        if self.sort is MetricSort.GAUGE:
            return _gauge(rows, aggregation)
        if self.sort is MetricSort.RATE:
            return total if aggregation == "count" else total / sum(one.count for one in rows)
        trend = Trend()
        for one in rows:
            trend.add_slice(one)
        if aggregation in ("avg", "count"):
            return trend.mean if aggregation == "avg" else float(trend.count)
        return trend.percentile(_PERCENTS.get(aggregation, percent))


def _gauge(rows: Sequence[MetricSlice], aggregation: str) -> float:
    if rows[0].metric not in LEVELS:
        if aggregation == "value":
            return rows[-1].last
        return (min if aggregation == "min" else max)(
            one.lowest if aggregation == "min" else one.highest for one in rows
        )
    levels = _levels(rows)
    return {"value": levels[-1], "min": min(levels), "max": max(levels)}[aggregation]


def _levels(rows: Sequence[MetricSlice]) -> list[float]:
    """Return the sum of what every load has, at each moment; a level holds until it changes."""
    ends = {_series(one): one.start for one in rows}
    held: dict[object, float] = {}
    levels: dict[float, float] = {}
    for one in rows:
        held = {series: level for series, level in held.items() if ends[series] >= one.start}
        held[_series(one)] = one.last
        levels[one.start] = math.fsum(held.values())
    return list(levels.values())


def _series(one: MetricSlice) -> object:
    return one.load, tuple(sorted(one.tags.items()))


@dataclass(frozen=True, slots=True)
class Whole:
    """A count that is known for the whole run only."""

    total: float
    sort: MetricSort = MetricSort.COUNTER

    @property
    def count(self) -> int:
        """Return how many were counted."""
        return round(self.total)

    def within(self, start: float, end: float) -> Whole:
        """Return the same: it has no parts."""
        return self

    def figure(self, aggregation: str, percent: float, lasted_s: float) -> float | None:
        """Return the count, or how many there were per second."""
        if aggregation == "rate":
            return self.total / lasted_s if lasted_s > 0 else None
        return self.total
