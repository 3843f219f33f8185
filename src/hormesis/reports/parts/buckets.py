"""Buckets: a run's operations in at most so many equal intervals of a readable width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hormesis.record.extent import due_range
from hormesis.record.series import Bucket, series_of
from hormesis.words.history import History

_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Intervals of ``width_s`` seconds each, one after the other without a gap."""

    width_s: float
    each: Sequence[Bucket]


def buckets_of(history: History, number_max: int) -> Buckets:
    """Return at most *number_max* + 1 buckets, 0.1, 0.2, 0.5, 1, 2, 5 … seconds wide."""
    dues = due_range(history.ops)
    if dues is None:
        return Buckets(1.0, ())
    width = readable_width((dues[1] - dues[0]) / number_max)
    return Buckets(width, series_of(history, width))


def readable_width(least_s: float) -> float:
    """Return the smallest of 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below *least_s*."""
    decade = 0.1
    while decade * _STEPS[-1] < least_s and math.isfinite(least_s):
        decade *= 10
    return next((decade * step for step in _STEPS if decade * step >= least_s), decade)
