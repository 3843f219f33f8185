"""Hold a lock on a PostgreSQL table or on some of its rows."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hormesis.faults.parts.postgres_fault import PostgresSessionFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.units import Seconds

ROW_MODES = ("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE")


class PostgresLock(PostgresSessionFault):
    """Lock a table, or the rows that meet a condition, so that the application's statements wait.

    A session of the fault's own holds the lock in a transaction that stays open. The server ends
    that session by itself (``idle_in_transaction_session_timeout``) a little after the fault
    should have ended, whatever becomes of the program that opened it. A table's lock is asked for
    as everybody's is: while it waits for the application, the application waits behind it.

    The bite is the server's word: the lock is granted, and a statement that wants the same is
    refused at once (55P03). One that the server has taken away, as by a crash, is asked for again;
    one that is not there when the fault ends makes the run unknown. The role needs the rights that
    the statements take.
    """

    holder: ClassVar[str] = "pg_lock"
    holds: ClassVar[bool] = True

    table: str = Field(min_length=1)
    """The table, with its schema where that is needed."""
    where: str = ""
    """An SQL condition: only the rows that meet it are locked; left out: the whole table."""
    mode: Literal[
        "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE",
        "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
        "UPDATE", "NO KEY UPDATE", "KEY SHARE", "",
    ] = ""  # fmt: skip
    """The lock's mode: a table's (left out: ``ACCESS EXCLUSIVE``, which keeps readers out too) or,
    with ``where``, what follows ``FOR`` (left out: ``UPDATE``)."""
    nowait: bool = False
    """Give up at once when somebody holds what is asked for, instead of waiting for it."""
    timeout: Seconds = Field(default=10.0, gt=0, le=12)
    """How long to wait for the lock before the fault fails."""

    @model_validator(mode="after")
    def _mode_fits(self) -> PostgresLock:
        if self.where and self.mode and self.mode not in ROW_MODES:
            raise ValueError(f"expected a mode for rows: {', '.join(ROW_MODES)}")
        if not self.where and self.mode in ("UPDATE", "NO KEY UPDATE", "KEY SHARE"):
            raise ValueError(f"expected `where` beside the mode {self.mode}, which is one for rows")
        return self

    def config(self) -> dict[str, Any]:
        """Return the lock's description."""
        mode = self.mode or ("UPDATE" if self.where else "ACCESS EXCLUSIVE")
        return {
            "table": self.table, "where": self.where, "mode": mode, "nowait": self.nowait,
            "timeout_s": self.timeout,
        }  # fmt: skip

    def hurts(self, before: Reading, now: Reading) -> str:
        if not now.get("granted") or now.get("refused") != "55P03":
            return ""
        what = f"{now.get('rows')} rows of {self.table}" if self.where else self.table
        waits = ""
        if number(now, "waited_ms"):
            told = f"{now.get('waiting')} sessions wait, the longest wait {now.get('waited_ms')} ms"
            waits = f"; {told}"
        lost = f"; it was lost and taken again {now['lost']} times" if now.get("lost") else ""
        return f"the lock on {what} is granted, a statement was refused it (55P03){waits}{lost}"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        return Measure(1, 1 if now.get("granted") is True else 0, "locks granted")
