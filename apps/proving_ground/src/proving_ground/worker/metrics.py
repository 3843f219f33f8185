"""What a worker counts about itself, in Prometheus' terms."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

PREFIX = "worker_"


class WorkerMetrics:
    """One worker's metrics; other parts of the program register theirs at ``registry``."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        self.executions = Counter(
            PREFIX + "executions", "Executions by outcome", ["type", "outcome"], registry=own
        )
        self.running = Gauge(PREFIX + "tasks_running", "Tasks in hand", registry=own)
