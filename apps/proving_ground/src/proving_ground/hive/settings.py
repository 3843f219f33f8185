"""What the hive was told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proving_ground.listening_host import reached_at


@dataclass(frozen=True, slots=True)
class HiveSettings:
    """The hive's options; durations in seconds, sizes in bytes.

    ``announce_url`` is where workers reach the hive, ``worker_host`` where others reach the
    workers; empty means the hive's own address.
    """

    port: int
    data: Path
    host: str = "127.0.0.1"
    workers: int = 4
    worker_base_port: int | None = None
    worker_host: str = ""
    announce_url: str = ""
    database_url: str = ""
    memory_limit: str = ""
    registration_timeout_s: float = 15.0
    heartbeat_timeout_s: float = 5.0
    grace_s: float = 5.0
    canaries: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """Where workers announce themselves."""
        return self.announce_url or f"http://{reached_at(self.host)}:{self.port}"
