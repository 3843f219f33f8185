"""What the server counts about itself, in Prometheus' terms."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from proving_ground.request_metrics import RequestMetrics


class Metrics:
    """One server's metrics; ``started_at_s`` is its start in seconds since the epoch."""

    def __init__(self, started_at_s: float) -> None:
        self.registry = CollectorRegistry()
        prefix = "proving_ground_"
        own = self.registry
        self.requests = RequestMetrics(prefix, own, started_at_s)
        self.claims = Counter(
            prefix + "claims", "Claims by result: given or none", ["result"], registry=own
        )
        self.completions = Counter(
            prefix + "completions", "Completions by result", ["result"], registry=own
        )
        self.repairs = Counter(
            prefix + "cleanup_repairs", "Repairs made by cleanup", ["kind"], registry=own
        )
        self.jobs = Gauge(prefix + "jobs", "Jobs by status", ["status"], registry=own)
        self.bots_alive = Gauge(prefix + "bots_alive", "Bots heard from in time", registry=own)
        self.connections = Gauge(
            prefix + "database_connections", "Database connections", ["state"], registry=own
        )
        self.connections_lost = Gauge(
            prefix + "database_connections_lost", "Database connections lost", registry=own
        )
        self.heartbeat_age = Gauge(
            prefix + "heartbeat_age_seconds", "Age of heartbeats", ["of"], registry=own
        )
        self.database_up = Gauge(
            prefix + "database_up", "1 when housekeeping last reached the database", registry=own
        )
        self.housekept_at_s = time.monotonic()
        self.heartbeat_age.labels("housekeeping").set_function(
            lambda: time.monotonic() - self.housekept_at_s
        )
