"""Leave PostgreSQL sessions idle in their transactions."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresSessionFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number


class PostgresIdleInTransaction(PostgresSessionFault):
    """Open transactions and leave them: each takes a connection, and its snapshot stays.

    No vacuum removes rows that died since the oldest snapshot, so tables and indexes grow; with a
    ``statement`` that locks or writes, its locks stay too. The server ends the sessions by itself
    a little after the fault should have ended.
    """

    holder: ClassVar[str] = "pg_idle"

    sessions: int = Field(default=1, ge=1, le=1000)
    """How many transactions are left open."""
    statement: str = ""
    """SQL that each runs before it idles, such as ``SELECT 1 FROM jobs WHERE id = 7 FOR UPDATE``;
    with several sessions it must not lock what only one can have."""

    def config(self) -> dict[str, Any]:
        """Return how many, and what they do first."""
        return {"sessions": self.sessions, "statement": self.statement}

    def hurts(self, before: Reading, now: Reading) -> str:
        if (number(now, "idle") or 0) < self.sessions:
            return ""
        return (
            f"the server has {now.get('idle')} sessions idle in transaction (asked {self.sessions})"
            f", the oldest snapshot is {now.get('horizon')} transactions old"
        )

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        idle = number(now, "idle")
        return None if idle is None else Measure(self.sessions, idle, "sessions")
