"""PostgreSQL faults: what those that hold sessions on the server have in common."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from hormesis.words.fault import Fault
from hormesis.words.look import EffectLook, Look, Reading, SqlLook, number
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class PostgresFault(Fault):
    """A fault that talks to the target's PostgreSQL server."""

    driver: ClassVar[str] = "psycopg"
    extra: ClassVar[str] = "postgres"
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.POSTGRES})
    mechanism: ClassVar[str] = "sql"


class PostgresSessionFault(PostgresFault):
    """A fault that is one holder with sessions of its own, all of one name.

    The server itself is asked whether they are gone: a session that ends gives back its locks, its
    snapshot and its slot.
    """

    holder: ClassVar[str] = ""
    """The program in ``host/holders``."""
    ready_s: ClassVar[float] = 15.0
    """How long it may take to begin, in seconds."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return what the holder needs to know besides where and under which name."""

    def session_name(self, target: Target) -> str:
        """Return the ``application_name``: the same for the same fault on the same target."""
        told = f"{target.name} {self.model_dump_json(exclude={'by'})}"
        return f"hormesis-{self.kind.removeprefix('postgres-')}-{zlib.crc32(told.encode()):08x}"

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        name = self.session_name(target)
        config = {**self.config(), "dsn": target.postgres, "name": name}
        args = {
            "subject": target.name, "program": self.holder, "config": config,
            "ready_s": self.ready_s,
        }  # fmt: skip
        return [VerbCall("holder", args)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}'"
        return EffectLook(), SqlLook(target.postgres or "", query.format(self.session_name(target)))

    def healed(self, before: Reading, now: Reading) -> str:
        if not now.get("ended") or number(now, "value") != 0:
            return ""
        return "the server has none of the fault's sessions left"
