"""Let a PostgreSQL standby cancel the queries that are in the way of replication."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import EffectLook, Look, Reading, SqlLook, number
from hormesis.words.target import Target
from hormesis.words.units import Seconds, Span
from hormesis.words.verb import VerbCall

_CONFLICTS = """
SELECT confl_snapshot + confl_lock + confl_bufferpin + confl_deadlock
FROM pg_stat_database_conflicts WHERE datname = current_database()
"""


class PostgresReplicationConflict(PostgresFault):
    """Cancel queries on a standby because replaying the log must not wait for them (40001).

    The target is the standby. It is told to wait no time for queries
    (``max_standby_streaming_delay``) and not to tell the primary of them
    (``hot_standby_feedback``); both are put back. On the primary a session of the fault's own then
    vacuums the tables again and again, so that rows vanish which queries on the standby still see,
    or locks them, which readers on the standby cannot survive either. Nothing is left on the
    primary. It takes a superuser on the standby, and the tables' owner on the primary.
    """

    # An address may hold a password.
    told_elsewhere: ClassVar[frozenset[str]] = PostgresFault.told_elsewhere | {"primary"}

    primary: str = Field(min_length=1)
    """The primary's address: ``postgresql://postgres@127.0.0.1:5432/app``."""
    tables: tuple[str, ...] = Field(min_length=1)
    """The tables that the queries on the standby read; for ``vacuum`` the application must update
    or delete rows of them meanwhile."""
    how: Literal["vacuum", "lock"] = "vacuum"
    """Vacuum the tables, or lock each for a moment, on the primary as well."""
    every: Span = Field(default=0.5, gt=0)
    """The pause between two rounds; scaled by ``--time-scale``."""
    lock: Seconds = Field(default=0.5, gt=0)
    """How long a table is locked on the primary."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "dsn": target.postgres,
            "scope": "server",
            "settings": {"max_standby_streaming_delay": "0", "hot_standby_feedback": "off"},
        }
        standby = {
            "subject": target.name,
            "program": "pg_setting",
            "capture": {**config, "action": "read"},
            "do": {**config, "action": "set"},
            "undo": {**config, "action": "restore"},
        }
        provoking = {
            "dsn": self.primary,
            "name": "hormesis-conflict",
            "tables": list(self.tables),
            "how": self.how,
            "every_s": self.every,
            "lock_s": self.lock,
        }
        primary = {"subject": target.name, "program": "pg_conflict", "config": provoking}
        return [VerbCall("program", standby), VerbCall("holder", primary)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        return EffectLook(), SqlLook(target.postgres or "", _CONFLICTS)

    def hurts(self, before: Reading, now: Reading) -> str:
        was, there = number(before, "value"), number(now, "value")
        if was is None or there is None or there <= was:
            return ""
        return f"the standby cancelled {there - was:g} queries in {now.get('rounds')} rounds"

    def healed(self, before: Reading, now: Reading) -> str:
        if not now.get("ended") or number(now, "value") is None:
            return ""
        return "nothing is provoked on the primary any more, and the standby answers"
