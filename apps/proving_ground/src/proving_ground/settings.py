"""What the main server was told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The main server's options; durations in seconds."""

    port: int
    database_url: str
    admin_token: str = field(repr=False)
    host: str = "127.0.0.1"
    cleanup_every_s: float = 1.0
    bot_timeout_s: float = 5.0
    database_timeout_s: float = 2.0
    database_connections_max: int = 20
    canaries: frozenset[str] = frozenset()
