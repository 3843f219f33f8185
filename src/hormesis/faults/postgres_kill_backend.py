"""Kill one process of a PostgreSQL server, which makes the whole server recover."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import EffectLook, Look, Reading, SqlLook, number
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class PostgresKillBackend(PostgresFault):
    """Send SIGKILL to one of a server's processes: every session is dropped, the log is replayed.

    This is what the kernel does to a backend when memory runs out. The postmaster stays and starts
    everything anew; until then connections are refused (57P03). There is nothing to undo. The
    target needs the server's process on this machine and its address, and we need the right to
    signal it. To kill the server itself use `kill` with ``tree: true``: a busy backend can outlive
    its postmaster, and keeps a new one from starting.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.POSTGRES})
    mechanism: ClassVar[str] = "signal"
    momentary: ClassVar[bool] = True

    which: Literal["client", "checkpointer", "background writer", "walwriter"] = "client"
    """Which process: a random one that serves a client of the address's database, or one of the
    server's own."""
    application: str = ""
    """Only a client with this ``application_name``; ``%`` stands for any text."""
    timeout: Seconds = Field(default=20.0, gt=0)
    """How long the server may take to be back."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "dsn": target.postgres,
            "which": self.which,
            "application": self.application,
            "seed": rng.getrandbits(32),
            "back_s": self.timeout,
        }
        args = {
            "subject": target.name,
            "program": "pg_backend_kill",
            "process": target.service,
            "do": config,
            "undo": None,
            "timeout_s": self.timeout + 10.0,
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        return EffectLook(), SqlLook(target.postgres or "", "SELECT 1")

    def hurts(self, before: Reading, now: Reading) -> str:
        if not now.get("killed") or not now.get("dropped"):
            return ""
        return (
            f"process {now.get('killed')} ({self.which}) was killed, sessions of others were"
            f" dropped, connections were refused for {now.get('back_ms')} ms"
        )

    def healed(self, before: Reading, now: Reading) -> str:
        return "the server answers again" if number(now, "value") == 1 else ""
