"""Make a PostgreSQL server or database read-only."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import EffectLook, Look, Reading, SqlLook, number
from hormesis.words.target import Target
from hormesis.words.verb import VerbCall

_NOW = "SELECT (current_setting('default_transaction_read_only') = 'on')::int"


class PostgresReadOnly(PostgresFault):
    """Let transactions be read-only, as after a failover to a server that is still a standby.

    Writes are refused (25006); reading goes on. By default only the database of the target's
    address is hit, and its sessions are ended when the fault comes and when it goes, because only
    new ones notice: the application must reconnect, as in a failover. The setting's former value
    is put back. Superusers and owners of the database may do this; ``scope: server`` takes a
    superuser.
    """

    scope: Literal["database", "server"] = "database"
    """``server``: every database of the server, and at once, in sessions that are open too."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "dsn": target.postgres,
            "scope": self.scope,
            "settings": {"default_transaction_read_only": "on"},
            "reconnect": self.scope == "database",
        }
        args = {
            "subject": target.name,
            "program": "pg_setting",
            "capture": {**config, "action": "read"},
            # Given up at once where it is not refused.
            "do": {**config, "action": "set", "try": "CREATE TABLE hormesis_try ()"},
            "undo": {**config, "action": "restore"},
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        return EffectLook(), SqlLook(target.postgres or "", _NOW)

    def hurts(self, before: Reading, now: Reading) -> str:
        if number(before, "value") != 0 or number(now, "value") != 1:
            return ""
        if now.get("refused") != "25006":
            return ""
        count = now.get("sessions_ended")
        ended = f", {count} sessions were ended" if self.scope == "database" else ""
        return f"new transactions are read-only, a write was refused (25006){ended}"

    def healed(self, before: Reading, now: Reading) -> str:
        return "new transactions may write again" if number(now, "value") == 0 else ""
