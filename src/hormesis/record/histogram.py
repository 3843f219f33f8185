"""Histogram: latencies in bounded memory, mergeable, every percentile within 1 %.

Buckets grow geometrically, as in DDSketch (Masson, Rim and Lee, VLDB 2019): with growth
``(1 + a) / (1 - a)`` the middle of a bucket is within the share ``a`` of everything in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.record.percentile import rank_of
from hormesis.words.metric import MetricSlice

ACCURACY = 0.01
"""The largest relative error of a percentile."""

_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_SCALE = 1 / math.log(_GROWTH)
_MIDDLE = 2 / (_GROWTH + 1)
_FLOOR = 1e-9
_CEILING = 1e7
_LOWEST = math.ceil(math.log(_FLOOR) * _SCALE)
_HIGHEST = math.ceil(math.log(_CEILING) * _SCALE)
_CHUNK = 1 << 18


class Histogram:
    """Durations in seconds from 1 ns to 115 days, in at most some 1,850 buckets.

    ``count``, ``total``, ``lowest`` and ``highest`` are exact; ``lowest`` and ``highest`` are None
    while it is empty. Shorter values count as zero, longer ones as the longest.
    """

    __slots__ = ("_buckets", "count", "highest", "lowest", "total")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        self.lowest: float | None = None
        self.highest: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Histogram:
        """Return the histogram of *values*, in seconds."""
        made = cls()
        for value in values:
            made.add(value)
        return made

    def add(self, value: float) -> None:
        """Count one value, in seconds.

        Raises:
            ValueError: it is not a finite number.
        """
        if not math.isfinite(value):
            raise ValueError(f"expected a finite duration, found {value}")
        if value >= _FLOOR:
            bucket = min(math.ceil(math.log(value) * _SCALE), _HIGHEST)
        else:
            bucket = _LOWEST - 1
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.total += value
        if self.lowest is None or value < self.lowest:
            self.lowest = value
        if self.highest is None or value > self.highest:
            self.highest = value

    def add_many(self, values: NDArray[np.float64]) -> None:
        """Count an array of values, in seconds.

        Raises:
            ValueError: one of them is not a finite number; none is counted then.
        """
        if not len(values):
            return
        if not np.isfinite(values).all():
            raise ValueError("expected finite durations")
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK]
            with np.errstate(divide="ignore", invalid="ignore"):
                indexes = np.ceil(np.log(part) * _SCALE)
            indexes = np.where(part < _FLOOR, _LOWEST - 1, np.minimum(indexes, _HIGHEST))
            counts = np.bincount(indexes.astype(np.int64) - (_LOWEST - 1))
            for place in np.flatnonzero(counts).tolist():
                bucket = place + _LOWEST - 1
                self._buckets[bucket] = self._buckets.get(bucket, 0) + int(counts[place])
        lowest, highest = float(values.min()), float(values.max())
        self.count += len(values)
        self.total += float(values.sum())
        self.lowest = lowest if self.lowest is None else min(self.lowest, lowest)
        self.highest = highest if self.highest is None else max(self.highest, highest)

    def add_slice(self, one: MetricSlice) -> None:
        """Count what a slice of a metric gathered in buckets of the same scheme."""
        if one.count:
            other = Histogram()
            other._buckets = dict(one.buckets)
            other.count, other.total = one.count, one.total
            other.lowest, other.highest = one.lowest, one.highest
            self.merge(other)

    @property
    def buckets(self) -> Mapping[int, int]:
        """Return the counts by bucket index."""
        return self._buckets

    @property
    def mean(self) -> float | None:
        """Return the mean in seconds, or None when it is empty."""
        return self.total / self.count if self.count else None

    def percentile(self, percent: float) -> float | None:
        """Return a percentile (0 to 100) in seconds, within 1 %; None when it is empty."""
        if self.lowest is None or self.highest is None:
            return None
        rank = rank_of(percent, self.count)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(max(middle_of(bucket), self.lowest), self.highest)
        return self.highest

    def merge(self, other: Histogram) -> None:
        """Add everything that *other* counted."""
        for bucket, count in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        ends = (self.lowest, self.highest, other.lowest, other.highest)
        known = [end for end in ends if end is not None]
        self.lowest, self.highest = (min(known), max(known)) if known else (None, None)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return {
            "accuracy": ACCURACY,
            "count": self.count,
            "total": self.total,
            "lowest": self.lowest,
            "highest": self.highest,
            "buckets": {str(bucket): self._buckets[bucket] for bucket in sorted(self._buckets)},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Histogram:
        """Rebuild a histogram.

        Raises:
            ValueError: it was made with another accuracy, so its buckets mean something else.
        """
        if data["accuracy"] != ACCURACY:
            raise ValueError(f"expected accuracy {ACCURACY}, found {data['accuracy']}")
        made = cls()
        made.count, made.total = data["count"], data["total"]
        made.lowest, made.highest = data["lowest"], data["highest"]
        made._buckets = {int(bucket): count for bucket, count in data["buckets"].items()}
        return made


def middle_of(bucket: int) -> float:
    """Return the duration in seconds that stands for all in a bucket."""
    return 0.0 if bucket < _LOWEST else _MIDDLE * _GROWTH**bucket
