"""Metrics of a script's own: counters, gauges, rates and trends, as in k6."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from hormesis.clients.virtual.current import current_user
from hormesis.words.metric import MetricSort

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{1,127}")
_BUILT_IN = frozenset({
    "vus", "vus_max", "iterations", "iteration_duration", "dropped_iterations",
    "waited_iterations", "data_sent", "data_received", "checks", "group_duration", "http_reqs",
    "http_req_failed", "http_req_duration", "http_req_service", "http_req_blocked",
    "http_req_connecting", "http_req_tls_handshaking", "http_req_waiting", "lag",
})  # fmt: skip


class _Metric:
    """A metric with a name of 2 to 128 letters, digits and underscores."""

    __slots__ = ("name",)
    sort: ClassVar[MetricSort]

    def __init__(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            found = f"found {name!r}"
            rule = "2 to 128 letters, digits and underscores, no digit first"
            raise ValueError(f"expected a metric name ({rule}), such as orders_placed; {found}")
        if name in _BUILT_IN:
            raise ValueError(f"{name} is a metric that is measured anyway; choose another name")
        self.name = name

    def _add(self, value: float, tags: Mapping[str, str]) -> None:
        current_user().add(self.sort, self.name, float(value), tags or None)


class Counter(_Metric):
    """A sum."""

    __slots__ = ()
    sort = MetricSort.COUNTER

    def add(self, value: float = 1, **tags: str) -> None:
        """Add to the sum."""
        self._add(value, tags)


class Gauge(_Metric):
    """A level: the latest value counts."""

    __slots__ = ()
    sort = MetricSort.GAUGE

    def set(self, value: float, **tags: str) -> None:
        """Set the level."""
        self._add(value, tags)

    add = set


class Rate(_Metric):
    """A share of true values."""

    __slots__ = ()
    sort = MetricSort.RATE

    def add(self, value: object, **tags: str) -> None:
        """Count one value, true or false."""
        self._add(1.0 if value else 0.0, tags)


class Trend(_Metric):
    """Values whose percentiles matter; durations are in seconds."""

    __slots__ = ()
    sort = MetricSort.TREND

    def __init__(self, name: str, is_time: bool = False) -> None:
        """Make it; ``is_time`` is there for scripts that were k6's, and changes nothing."""
        super().__init__(name)

    def add(self, value: float, **tags: str) -> None:
        """Add one value."""
        self._add(value, tags)
