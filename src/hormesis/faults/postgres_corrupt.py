"""Write inconsistent data straight into a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import Look, Reading, SqlLook, number
from hormesis.words.target import Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class PostgresCorrupt(PostgresFault):
    """Put inconsistent data into a database behind the application's back.

    All statements of ``do`` run in one transaction, and so do those of ``undo``; write ``undo``
    so that it does no harm when run twice, or when ``do`` never happened. With ``undo: system``
    the system under test must repair its data itself: the fault is healed when the ``count`` is
    back where it was.

    With ``snapshot: [TABLE, …]`` instead of ``undo`` the rows that the statements touch are kept,
    in the same transaction, in a schema of ours, and put back on release. A row that the
    application has changed since the damage is the application's and stays as it is. The tables
    need primary keys, and the role the right to create a schema.
    """

    momentary: ClassVar[bool] = True

    do: tuple[str, ...] = Field(min_length=1)
    """SQL statements that corrupt the data."""
    undo: Literal["system"] | tuple[str, ...] | None = None
    """SQL statements that repair the data, or ``system``; left out only with ``snapshot``."""
    snapshot: tuple[str, ...] = ()
    """The tables whose touched rows are kept and put back: every table that ``do`` changes."""
    count: str = Field(min_length=1)
    """A query for one number: how many corrupt rows there are now."""
    timeout: Seconds = Field(default=10.0, gt=0)
    """How long the statements may take."""

    @model_validator(mode="after")
    def _one_way_back(self) -> PostgresCorrupt:
        if (self.undo is None) != bool(self.snapshot):
            raise ValueError("expected either undo or snapshot, which says how it is undone")
        return self

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.snapshot:
            return [VerbCall("program", self._with_snapshot(target))]
        args = {
            "subject": target.name,
            "program": "sql",
            "do": {**self._config(target, self.do), "count": self.count},
            "undo": None if self.undo == "system" else self._config(target, self.undo or ()),
            "timeout_s": self.timeout + 5.0,
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look:
        return SqlLook(target.postgres or "", self.count)

    def hurts(self, before: Reading, now: Reading) -> str:
        # Counted by the program in its own transaction: a quick cleanup may be faster than a look.
        there, was = number(now, "counted"), number(before, "value")
        if there is None or was is None or there <= was:
            return ""
        return f"{there - was:g} corrupt rows"

    def healed(self, before: Reading, now: Reading) -> str:
        there, was = number(now, "value"), number(before, "value")
        if there is None or was is None or there > was:
            return ""
        return f"{there:g} corrupt rows, as before" if was else "no corrupt row any more"

    def _with_snapshot(self, target: Target) -> dict[str, object]:
        tables = {"dsn": target.postgres, "tables": list(self.snapshot), "timeout_s": self.timeout}
        damage = {"action": "damage", "statements": list(self.do), "count": self.count}
        return {
            "subject": target.name,
            "program": "sql_snapshot",
            "do": {**tables, **damage},
            "undo": {**tables, "action": "restore"},
            "timeout_s": self.timeout + 5.0,
        }

    def _config(self, target: Target, statements: Sequence[str]) -> dict[str, object]:
        return {
            "dsn": target.postgres,
            "statements": list(statements),
            "timeout_s": self.timeout,
        }
