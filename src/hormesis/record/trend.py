"""Trend: percentiles of any number of durations: exact while they are few, within 1 % after that.

Few means :data:`EXACT_MAX`. Trends of several processes and of many slices of time can be merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from hormesis.record.histogram import Histogram
from hormesis.record.op_columns import Floats
from hormesis.record.percentile import rank_of
from hormesis.words.metric import MetricSlice

EXACT_MAX = 100_000
"""Up to so many durations every one is kept."""


class Trend:
    """Durations in seconds, in bounded memory.

    ``count``, ``total``, ``lowest`` and ``highest`` are exact; the last two are None while it is
    empty.
    """

    __slots__ = ("_histogram", "_kept", "_ordered", "count", "highest", "lowest", "total")

    def __init__(self) -> None:
        self._kept: list[Floats] = []
        self._ordered: Floats | None = None
        self._histogram: Histogram | None = None
        self.count = 0
        self.total = 0.0
        self.lowest: float | None = None
        self.highest: float | None = None

    @classmethod
    def of(cls, values: Iterable[float] | Floats) -> Trend:
        """Return the trend of *values*, in seconds."""
        made = cls()
        made.add_many(values)
        return made

    @property
    def exact(self) -> bool:
        """Return whether every percentile is exact."""
        return self._histogram is None

    @property
    def mean(self) -> float | None:
        """Return the mean in seconds, or None when it is empty."""
        return self.total / self.count if self.count else None

    def add_many(self, values: Iterable[float] | Floats) -> None:
        """Count *values*, in seconds.

        Raises:
            ValueError: one of them is not a finite number.
        """
        if not isinstance(values, np.ndarray):
            values = np.fromiter(values, dtype=np.float64)
        if not len(values):
            return
        if not np.isfinite(values).all():
            raise ValueError("expected finite durations")
        self._counted(len(values), float(values.sum()), float(values.min()), float(values.max()))
        if self._histogram is None and self.count <= EXACT_MAX:
            self._kept.append(np.array(values, dtype=np.float64))
        else:
            self._binned().add_many(values)

    def add_slice(self, one: MetricSlice) -> None:
        """Count what a slice of a metric gathered; from then on percentiles are within 1 %."""
        if one.count:
            # Before it is counted, because what was kept goes into the histogram first.
            self._binned().add_slice(one)
            self._counted(one.count, one.total, one.lowest, one.highest)

    def merge(self, other: Trend) -> None:
        """Count everything that *other* counted."""
        if other.lowest is None or other.highest is None:
            return
        self._counted(other.count, other.total, other.lowest, other.highest)
        if other._histogram is not None:
            self._binned().merge(other._histogram)
        elif self._histogram is None and self.count <= EXACT_MAX:
            self._kept.extend(other._kept)
        else:
            binned = self._binned()
            for values in other._kept:
                binned.add_many(values)

    def percentile(self, percent: float) -> float | None:
        """Return a percentile (0 to 100) in seconds, by nearest rank; None when it is empty."""
        if self.lowest is None or self.highest is None:
            return None
        rank = rank_of(percent, self.count)
        if rank == 1 or rank == self.count:
            return self.lowest if rank == 1 else self.highest
        if self._histogram is not None:
            value = self._histogram.percentile(percent)
            return None if value is None else min(max(value, self.lowest), self.highest)
        if self._ordered is None:
            self._ordered = np.sort(np.concatenate(self._kept))
            self._kept = [self._ordered]
        return float(self._ordered[rank - 1])

    def buckets(self) -> Mapping[int, int]:
        """Return the counts by bucket index, as in :mod:`hormesis.record.histogram`."""
        if self._histogram is not None:
            return self._histogram.buckets
        made = Histogram()
        for values in self._kept:
            made.add_many(values)
        return made.buckets

    def _counted(self, count: int, total: float, lowest: float, highest: float) -> None:
        self.count += count
        self.total += total
        self.lowest = lowest if self.lowest is None else min(self.lowest, lowest)
        self.highest = highest if self.highest is None else max(self.highest, highest)
        self._ordered = None

    def _binned(self) -> Histogram:
        """Return the histogram; whatever was kept one by one goes into it."""
        if self._histogram is None:
            self._histogram = Histogram()
            for values in self._kept:
                self._histogram.add_many(values)
            self._kept = []
        return self._histogram
