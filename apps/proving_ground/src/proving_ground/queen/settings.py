"""What the queen was told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QueenSettings:
    """The queen's options; durations in seconds."""

    port: int
    database_url: str
    admin_token: str = field(repr=False)
    host: str = "127.0.0.1"
    hive_url: str | None = None
    hive_cache_s: float = 0.5
    inference_timeout_s: float = 5.0
    inference_queue: int = 2000
    database_timeout_s: float = 2.0
    database_connections_max: int = 20
    connections_max: int | None = None
    lease_s: float = 3.0
    breaker_failures: int = 5
    breaker_open_s: float = 3.0
    token_life_s: float = 3600.0
    canaries: frozenset[str] = frozenset()
