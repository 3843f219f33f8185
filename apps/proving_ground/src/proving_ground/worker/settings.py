"""What a worker was told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """A worker's options; durations in seconds, sizes in bytes.

    Without ``database_url`` it has no tasks, without ``port`` no inference; one of them it has.
    """

    name: str
    database_url: str | None = None
    hive_url: str | None = None
    host: str = "127.0.0.1"
    announce_host: str = ""
    port: int | None = None
    concurrency: int = 1
    memory_limit_bytes: int | None = None
    grace_s: float = 5.0
    poll_s: float = 0.2
    lease_s: float = 3.0
    backoff_s: float = 0.5
    breaker_failures: int = 5
    breaker_open_s: float = 3.0
    heartbeat_s: float = 0.5
    inference_s: float = 0.05
    webhook_timeout_s: float = 3.0
    database_timeout_s: float = 2.0
    canaries: frozenset[str] = frozenset()
