"""What the leader tells about itself, in Prometheus' terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from proving_ground.leader.broker_client import BrokerClient
from proving_ground.leader.canaries import LEADER_METRIC_STICKS
from proving_ground.leader.heartbeats import Heartbeats
from proving_ground.leader.leadership import Leadership
from proving_ground.leader.market_data import MarketData
from proving_ground.leader.throttle import Throttle
from proving_ground.leader.trader import Trader
from proving_ground.request_metrics import RequestMetrics
from proving_ground.serving import started_at_s


class LeaderMetrics:
    """One instance's metrics; what can be read when it is asked for is not kept twice."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.orders = Counter(
            "trader_orders", "Orders by how they were answered", ["result"], registry=self.registry
        )
        self.requests = RequestMetrics("trader_", self.registry, started_at_s())

    def read(
        self,
        leadership: Leadership,
        trader: Trader,
        heartbeats: Heartbeats,
        throttle: Throttle,
        broker: BrokerClient,
        market_data: MarketData,
        canaries: frozenset[str],
    ) -> None:
        """Show the state of these parts from now on."""
        sticks = LEADER_METRIC_STICKS in canaries
        told: dict[str, tuple[str, Callable[[], float]]] = {
            "is_leader": (
                "1 while the lock is held for certain",
                lambda: trader.leader_shown if sticks else leadership.leads,
            ),
            "paused": ("1 while nothing is traded", lambda: trader.paused),
            "fencing_token": ("Token of the present term, or 0", lambda: leadership.token),
            "leadership_changes": ("Won and lost, together", lambda: leadership.changes_total),
            "lock_attempts": (
                "How often the lock was asked for", lambda: leadership.attempts.total,
            ),
            "lock_attempts_recent": (
                "How often in the last 10 s", lambda: leadership.attempts.recent,
            ),
            "redis_up": ("1 while Redis answers", lambda: not leadership.redis_trouble),
            "throttle_queue_depth": ("Orders that wait to be sent", lambda: throttle.depth),
            "orders_executed": ("Orders that the broker executed", lambda: throttle.executed_total),
            "broker_token_refreshes": ("Tokens fetched", lambda: broker.refreshes_total),
            "broker_rate_limited": ("Orders answered 429", lambda: broker.rate_limited_total),
            "market_data_attempts": (
                "How often a connection was asked for", lambda: market_data.attempts.total,
            ),
            "market_data_attempts_recent": (
                "How often in the last 10 s", lambda: market_data.attempts.recent,
            ),
            "market_data_connections": (
                "WebSocket connections opened", lambda: market_data.connections_total,
            ),
        }  # fmt: skip
        for name, (text, value) in told.items():
            self._gauge(name, text).set_function(value)
        ages = Gauge(
            "trader_heartbeat_age_seconds", "Age of heartbeats", ["of"], registry=self.registry
        )
        for name in heartbeats.ages_s():
            ages.labels(name).set_function(partial(heartbeats.age_s, name))
        heartbeats.on_hidden = ages.remove

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"trader_{name}", text, registry=self.registry)
