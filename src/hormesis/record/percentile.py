"""Percentile: by nearest rank, so that a percentile is always a value that really occurred."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def rank_of(percent: float, count: int) -> int:
    """Return the rank, from 1, of the *percent* percentile among *count* sorted values.

    Raises:
        ValueError: *percent* lies outside 0 to 100, or there are no values.
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"expected a percentile from 0 to 100, found {percent:g}")
    if count < 1:
        raise ValueError("expected at least one value")
    # Rounded first, because 99.9 / 100 * 1000 is a hair more than 999.
    return max(1, math.ceil(round(percent / 100 * count, 9)))


def percentile_of(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest of *ordered* that at least *percent* % of them do not exceed.

    Raises:
        ValueError: *percent* lies outside 0 to 100, or *ordered* is empty.
    """
    return ordered[rank_of(percent, len(ordered)) - 1]


def percentiles_of(values: NDArray[np.float64], percents: Sequence[float]) -> list[float]:
    """Return several percentiles of *values* in any order; found without sorting them all.

    Raises:
        ValueError: a percent lies outside 0 to 100, or *values* is empty.
    """
    places = [rank_of(percent, len(values)) - 1 for percent in percents]
    parted = np.partition(values, sorted(set(places)))
    return [float(parted[place]) for place in places]
