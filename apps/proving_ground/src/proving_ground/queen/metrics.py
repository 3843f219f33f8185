"""What the queen counts about itself, in Prometheus' terms."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from proving_ground.request_metrics import RequestMetrics

PREFIX = "queen_"


class QueenMetrics:
    """One queen's metrics; ``started_at_s`` is its start in seconds since the epoch.

    Other parts of the program register theirs at ``registry``.
    """

    def __init__(self, started_at_s: float) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = RequestMetrics(PREFIX, own, started_at_s)
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
