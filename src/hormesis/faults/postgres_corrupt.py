"""Write inconsistent data straight into a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from hormesis.words.fault import Fault
from hormesis.words.look import Look, Reading, SqlLook
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class PostgresCorrupt(Fault):
    """Put inconsistent data into a database behind the application's back.

    All statements of ``do`` run in one transaction, and so do those of ``undo``; write ``undo``
    so that it does no harm when run twice, or when ``do`` never happened. With ``undo: system``
    the system under test must repair its data itself: the fault is healed when the ``count`` is
    back where it was.
    """

    driver: ClassVar[str] = "psycopg"
    extra: ClassVar[str] = "postgres"
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.POSTGRES})
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "sql"

    do: tuple[str, ...] = Field(min_length=1)
    """SQL statements that corrupt the data."""
    undo: Literal["system"] | tuple[str, ...]
    """SQL statements that repair the data, or ``system``."""
    count: str = Field(min_length=1)
    """A query for one number: how many corrupt rows there are now."""
    timeout: Seconds = Field(default=10.0, gt=0)
    """How long the statements may take."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {
            "subject": target.name,
            "program": "sql",
            "do": {**self._config(target, self.do), "count": self.count},
            "undo": None if self.undo == "system" else self._config(target, self.undo),
            "timeout_s": self.timeout + 5.0,
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look:
        return SqlLook(target.postgres or "", self.count)

    def hurts(self, before: Reading, now: Reading) -> str:
        # Counted by the program in its own transaction: a quick cleanup may be faster than a look.
        there, was = _number(now, "counted"), _number(before, "value")
        if there is None or was is None or there <= was:
            return ""
        return f"{there - was:g} corrupt rows"

    def healed(self, before: Reading, now: Reading) -> str:
        there, was = _number(now, "value"), _number(before, "value")
        if there is None or was is None or there > was:
            return ""
        return f"{there:g} corrupt rows, as before" if was else "no corrupt row any more"

    def _config(self, target: Target, statements: Sequence[str]) -> dict[str, object]:
        return {
            "dsn": target.postgres,
            "statements": list(statements),
            "timeout_s": self.timeout,
        }


def _number(reading: Reading, name: str) -> float | None:
    value = reading.get(name)
    return float(value) if isinstance(value, int | float) else None
