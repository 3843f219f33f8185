"""What the leader was told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LeaderSettings:
    """The leader's options; durations in seconds, rates per second."""

    port: int
    instance: str
    redis_url: str = field(repr=False)
    database_url: str = field(repr=False)
    broker_url: str
    market_data_url: str
    host: str = "127.0.0.1"
    lock_key: str = "trader:leader"
    lock_ttl_s: float = 30.0
    backoff_first_s: float = 0.2
    backoff_most_s: float = 5.0
    heartbeat_max_s: float = 5.0
    order_rate: float = 20.0
    queue_max: int = 500
    database_timeout_s: float = 2.0
    canaries: frozenset[str] = frozenset()

    @property
    def renew_every_s(self) -> float:
        """A tenth of the lock's time to live, and a second at most: a loss shows soon."""
        return min(1.0, self.lock_ttl_s / 10)

    @property
    def redis_timeout_s(self) -> float:
        """Well below the time to live, so that a hanging Redis is noticed before it is over."""
        return min(1.0, self.lock_ttl_s / 4)
