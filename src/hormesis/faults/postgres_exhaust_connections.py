"""Take the connection slots of a PostgreSQL server."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresSessionFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.units import Span


class PostgresExhaustConnections(PostgresSessionFault):
    """Hold connections until a server has no slot left, or only ``left`` of them.

    Who comes then is refused (53300). Connections that the application has already are left alone,
    and slots that it gives up are taken as well. Slots that are reserved for superusers are only
    taken by one: hold connections as the application's own ``user``, so that an operator still
    gets in. Slots are the whole server's: applications on other databases of it are refused too.
    """

    holder: ClassVar[str] = "pg_connections"
    ready_s: ClassVar[float] = 60.0

    left: int = Field(default=0, ge=0)
    """How many slots stay free."""
    user: str = ""
    """Connect as this user; left out: the one of the target's address."""
    sessions_max: int = Field(default=2000, ge=1)
    """Never hold more than this many."""
    every: Span = Field(default=0.2, gt=0)
    """How often freed slots are taken again; scaled by ``--time-scale``."""

    def config(self) -> dict[str, Any]:
        """Return how many slots stay, and as whom to take the others."""
        return {
            "left": self.left, "user": self.user, "sessions_max": self.sessions_max,
            "every_s": self.every,
        }  # fmt: skip

    def hurts(self, before: Reading, now: Reading) -> str:
        free = number(now, "free")
        if free is None or not 0 <= free <= self.left or not number(now, "held"):
            return ""
        if not self.left and now.get("refused") != "53300":
            return ""
        told = f"{now.get('held')} connections held, {free:g} slots left (asked {self.left})"
        if self.left:
            return told
        return f"{told}; {now.get('refusals')} attempts were refused (53300)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        free = number(now, "free")
        return None if free is None or free < 0 else Measure(self.left, free, "free connections")
