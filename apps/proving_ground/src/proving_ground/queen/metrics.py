"""What the queen counts about itself, in Prometheus' terms."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

PREFIX = "queen_"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class QueenMetrics:
    """One queen's metrics; ``started_at_s`` is its start in seconds since the epoch.

    Other parts of the program register theirs at ``registry``.
    """

    def __init__(self, started_at_s: float) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter(
            PREFIX + "requests", "Requests by route and status", ["route", "status"], registry=own
        )
        self.request_seconds = Histogram(
            PREFIX + "request_seconds",
            "Seconds from request to answer",
            ["route"],
            buckets=_SECONDS,
            registry=own,
        )
        self.tasks = Gauge(PREFIX + "tasks", "Tasks by status", ["status"], registry=own)
        self.tasks_created = Counter(
            PREFIX + "tasks_created", "Tasks created by type", ["type"], registry=own
        )
        self.workers = Gauge(PREFIX + "workers", "Workers that are alive", registry=own)
        self.breaker_open = Gauge(
            PREFIX + "breaker_open", "1 while the breaker of a type is open", ["type"], registry=own
        )
        self.reclaimed = Counter(
            PREFIX + "tasks_reclaimed", "Tasks taken back from dead workers", registry=own
        )
        self.database_up = Gauge(
            PREFIX + "database_up", "1 when the last round reached the database", registry=own
        )
        Gauge(PREFIX + "start_time_seconds", "Start, in seconds since the epoch", registry=own).set(
            started_at_s
        )

    def text(self) -> bytes:
        """Return the exposition."""
        return generate_latest(self.registry)
