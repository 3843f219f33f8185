"""Metric slice: what one metric gathered in a short stretch of a run, in bounded memory.

Operations are recorded one by one. Everything else that a load measures (checks, iterations, bytes,
connections, a user's own metrics) is gathered in slices of :data:`SLICE_S` seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

SLICE_S = 0.25
"""How long a slice is, in seconds; a window's figures are those of the slices that begin in it."""


class MetricSort(str, Enum):
    """How a metric's values are put together, as in k6."""

    COUNTER = "counter"
    GAUGE = "gauge"
    RATE = "rate"
    TREND = "trend"


@dataclass(frozen=True, slots=True)
class MetricSlice:
    """The values of one metric with the same tags, in one slice; ``start`` in seconds of the run.

    ``count`` is how many values there were; ``total`` their sum, of a rate the number of true ones;
    ``last`` the latest. ``buckets`` is a trend's histogram, by bucket index, as in
    :mod:`hormesis.record.histogram`. Durations are in seconds.
    """

    metric: str
    sort: MetricSort
    load: str
    start: float
    count: int
    total: float
    lowest: float
    highest: float
    last: float
    tags: Mapping[str, str] = field(default_factory=dict)
    buckets: Mapping[int, int] = field(default_factory=dict)
