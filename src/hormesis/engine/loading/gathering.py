"""Gathering: the values of a load's metrics, put together slice by slice.

A value costs one append to an array. When a slice is over, each array becomes one
:class:`MetricSlice` and is emptied, so memory does not grow with the length of the run.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np

from hormesis.record.histogram import Histogram
from hormesis.words.metric import MetricSlice, MetricSort

SERIES_MAX = 10_000
"""How many different series a load may have; what is tagged anew beyond it loses its tags."""


class Series:
    """The values of one metric with the same tags, in the slice that is not over yet."""

    __slots__ = ("add", "metric", "sort", "tags", "values")

    def __init__(self, sort: MetricSort, metric: str, tags: Mapping[str, str]) -> None:
        self.sort = sort
        self.metric = metric
        self.tags = tags
        self.values = array("d")
        self.add = self.values.append

    def take(self, load: str, start: float) -> MetricSlice | None:
        """Return what was gathered, and forget it; None when none of it is a finite number."""
        values = np.array(self.values)
        del self.values[:]
        values = values[np.isfinite(values)]
        if not len(values):
            return None
        buckets: Mapping[int, int] = {}
        if self.sort is MetricSort.TREND:
            histogram = Histogram()
            histogram.add_many(values)
            buckets = histogram.buckets
        elif self.sort is MetricSort.RATE:
            values = (values != 0).astype(np.float64)
        return MetricSlice(
            metric=self.metric,
            sort=self.sort,
            load=load,
            start=start,
            count=len(values),
            total=float(values.sum()),
            lowest=float(values.min()),
            highest=float(values.max()),
            last=float(values[-1]),
            tags=self.tags,
            buckets=buckets,
        )


class Gathering:
    """All series of one load in this process."""

    def __init__(self, load: str) -> None:
        self.load = load
        self._series: dict[tuple[str, frozenset[tuple[str, str]]], Series] = {}
        self._sorts: dict[str, MetricSort] = {}
        self.odd = ""
        """A metric that was given what is no finite number."""

    def series(
        self, sort: MetricSort, metric: str, tags: Mapping[str, str] | None = None
    ) -> Series:
        """Return the series of *metric* with *tags*.

        Raises:
            ValueError: the metric is of another sort already.
        """
        known = self._sorts.setdefault(metric, sort)
        if known is not sort:
            raise ValueError(f"expected {metric} to be a {known.value}, found a {sort.value}")
        key = (metric, frozenset((tags or {}).items()))
        if key not in self._series and len(self._series) >= SERIES_MAX:
            key, tags = (metric, frozenset()), {}
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = Series(sort, metric, dict(tags or {}))
        return found

    def take(self, start: float) -> list[MetricSlice]:
        """Return what every series gathered in the slice from *start* on, and begin anew."""
        slices: list[MetricSlice] = []
        for one in self._series.values():
            given = len(one.values)
            if not given:
                continue
            taken = one.take(self.load, start)
            if taken is not None:
                slices.append(taken)
            if taken is None or taken.count < given:
                self.odd = one.metric
        return slices
