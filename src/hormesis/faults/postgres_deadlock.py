"""Make transactions of the application the victims of deadlocks."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresSessionFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.units import Span


class PostgresDeadlock(PostgresSessionFault):
    """Deadlock transactions that write to a table; the application's are the victims (40P01).

    A session of the fault's own locks rows. As soon as a transaction waits for one, ours asks for
    the table that the waiting one is writing to: each waits for the other. The server looks after
    ``deadlock_timeout`` (usually one second), theirs first because it has waited longer, and aborts
    it. An application must be ready for that and try again. Every transaction that waits for one
    of the rows is caught, and other writers to the table wait meanwhile.
    """

    holder: ClassVar[str] = "pg_deadlock"

    table: str = Field(min_length=1)
    """The table that the application writes to."""
    where: str = Field(default="true", min_length=1)
    """An SQL condition: the rows that the trap lies on; left out: all of them."""
    every: Span = Field(default=1.0, gt=0)
    """The pause between two traps; scaled by ``--time-scale``."""
    rounds: int | None = Field(default=None, ge=1)
    """How many traps with a victim there are; left out: no limit."""

    def config(self) -> dict[str, Any]:
        """Return where the trap lies."""
        given = {"table": self.table, "where": self.where, "every_s": self.every}
        return {**given, "rounds": self.rounds}

    def hurts(self, before: Reading, now: Reading) -> str:
        counted = number(now, "deadlocks") or 0
        victims = number(now, "victims") or 0
        if not victims and not counted:
            return ""
        return (
            f"{victims:g} waiting transactions were aborted in {now.get('rounds')} rounds;"
            f" the server counts {counted:g} deadlocks"
        )

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        rounds, caught = number(now, "rounds"), number(now, "caught")
        if rounds is None or caught is None:
            return None
        return Measure(rounds, caught, "rounds with a victim")
