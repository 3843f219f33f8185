"""Kill connections to a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Target
from hormesis.words.units import Share, Span
from hormesis.words.verb import VerbCall


class PostgresKillConnections(PostgresFault):
    """Terminate a random share of a PostgreSQL server's client connections, again and again.

    With ``pids`` or ``most`` it is exact instead: these connections, or so many and no more. The
    server ends them itself (``pg_terminate_backend``): clients see error 57P01 or a closed
    connection, and open transactions are rolled back. Hormesis spares its own connections, and
    other databases of the server unless ``database`` says otherwise. The user of the target's
    address needs the role ``pg_signal_backend`` or must be a superuser.
    """

    share: Share = Field(default=0.5, gt=0)
    """Which share of the connections each round kills, at least one."""
    every: Span = Field(default=1.0, gt=0)
    """The time from one round to the next; scaled by ``--time-scale``."""
    application: str = ""
    """Only connections with this ``application_name``; ``%`` stands for any text."""
    user: str = ""
    """Only connections of this user; ``%`` stands for any text."""
    database: str = ""
    """Only connections to this database; ``%`` stands for any text, alone for all databases of the
    server. Left out: the database of the target's address."""
    pids: tuple[int, ...] = ()
    """Only these backends, by process id; left out: any."""
    most: int | None = Field(default=None, ge=1)
    """How many are killed at most, in all rounds together; left out: no limit."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "dsn": target.postgres,
            "share": self.share,
            "every_s": self.every,
            "seed": rng.getrandbits(32),
            "application": self.application,
            "user": self.user,
            "database": self.database,
            "pids": list(self.pids),
            "most": self.most,
        }
        args = {"subject": target.name, "program": "pg_kill", "config": config}
        return [VerbCall("holder", args)]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        killed, rounds = now.get("killed"), now.get("rounds")
        if not killed or ((self.pids or self.most) and now.get("left")):
            return ""
        which = f" (pid {now.get('last')})" if self.pids or self.most else ""
        return f"terminated {killed} connections in {rounds} rounds{which}"

    def healed(self, before: Reading, now: Reading) -> str:
        return "the program that killed connections has ended" if now.get("ended") else ""
