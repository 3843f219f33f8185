"""Keep a PostgreSQL server busy with slow queries."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresSessionFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.units import Span


class PostgresSlowQueries(PostgresSessionFault):
    """Run a slow query in several sessions, again and again.

    What the query is decides what runs short: ``SELECT pg_sleep(5)`` takes connections and holds
    snapshots; ``SELECT count(*) FROM generate_series(1, 20000000)`` takes a processor; ``SELECT
    count(*) FROM orders a, orders b`` the disk and the cache; ``LOCK TABLE orders; SELECT
    pg_sleep(0.5)``, which is one transaction, makes others wait. To make the application's own
    queries slow instead, use `postgres-delay`.
    """

    holder: ClassVar[str] = "pg_slow"

    sessions: int = Field(default=4, ge=1, le=500)
    """How many sessions run it at the same time."""
    query: str = Field(default="SELECT pg_sleep(1)", min_length=1)
    """The SQL; several statements are one transaction."""
    pause: Span = Field(default=0.0, ge=0)
    """The pause of each session between two of its queries; scaled by ``--time-scale``."""

    def config(self) -> dict[str, Any]:
        """Return what runs, and in how many sessions."""
        return {"sessions": self.sessions, "query": self.query, "pause_s": self.pause}

    def hurts(self, before: Reading, now: Reading) -> str:
        if (number(now, "active_max") or 0) < self.sessions or not number(now, "longest_ms"):
            return ""
        return (
            f"the server has seen {now.get('active_max')} slow queries at once (asked"
            f" {self.sessions}), the longest under way for {now.get('longest_ms')} ms;"
            f" {now.get('ran')} have ended, {now.get('waiting', 0)} sessions wait for them"
        )

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        most = number(now, "active_max")
        return None if most is None else Measure(self.sessions, most, "sessions")
