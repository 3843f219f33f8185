"""What the hive counts about itself, in Prometheus' terms."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from proving_ground.descriptors import open_descriptors
from proving_ground.hive.roster import CAUSES, STATES, Roster
from proving_ground.request_metrics import RequestMetrics

PREFIX = "hive_"


class HiveMetrics:
    """One hive's metrics; ``started_at_s`` is its start in seconds since the epoch."""

    def __init__(self, roster: Roster, started_at_s: float) -> None:
        self.registry = own = CollectorRegistry()
        workers = Gauge(PREFIX + "workers", "Workers by state", ["state"], registry=own)
        for state in STATES:
            workers.labels(state).set_function(partial(_count, roster, state))
        self.wanted = Gauge(PREFIX + "workers_wanted", "Workers asked for", registry=own)
        self.started = Counter(PREFIX + "workers_started", "Workers started", registry=own)
        self.deaths = Counter(
            PREFIX + "worker_deaths", "Ends of workers by cause", ["cause"], registry=own
        )
        for cause in CAUSES:
            self.deaths.labels(cause)
        self.registrations = Counter(
            PREFIX + "registrations",
            "Steps of registrations and heartbeats by result",
            ["step", "result"],
            registry=own,
        )
        self.requests = RequestMetrics(PREFIX, own, started_at_s)
        self.models_refused = Counter(
            PREFIX + "models_refused", "Models that did not fit on the disk", registry=own
        )
        Gauge(
            PREFIX + "open_descriptors", "Descriptors that the hive has open", registry=own
        ).set_function(open_descriptors)


def _count(roster: Roster, state: str) -> float:
    return roster.counts()[state]
