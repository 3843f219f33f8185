"""Let a PostgreSQL standby fall behind."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pydantic import Field

from hormesis.faults.parts.postgres_fault import PostgresFault
from hormesis.words.look import EffectLook, Look, Reading, SqlLook, number
from hormesis.words.target import Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall

_BEHIND = "SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)"


class PostgresReplicationLag(PostgresFault):
    """Keep a standby from replaying what it receives: its readers see an older and older state.

    The target is the standby. With ``delay`` each commit is replayed that much later than it was
    made (``recovery_min_apply_delay``, set for the server and put back); without it replay stops
    altogether (``pg_wal_replay_pause``). The fault bites when the standby has received log that it
    has not replayed, so something must be written meanwhile. It takes a superuser on the standby.
    """

    delay: Seconds = Field(default=0.0, ge=0)
    """How far behind the standby stays; left out: it stops where it is."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args: dict[str, Any] = {"subject": target.name}
        if not self.delay:
            dsn = {"dsn": target.postgres}
            args |= {
                "program": "pg_replay",
                "capture": {**dsn, "action": "read"},
                "do": {**dsn, "action": "pause"},
                "undo": {**dsn, "action": "resume"},
            }
            return [VerbCall("program", args)]
        config = {
            "dsn": target.postgres,
            "scope": "server",
            "settings": {"recovery_min_apply_delay": f"{round(1000 * self.delay)}ms"},
        }
        args |= {
            "program": "pg_setting",
            "capture": {**config, "action": "read"},
            "do": {**config, "action": "set"},
            "undo": {**config, "action": "restore"},
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        return EffectLook(), SqlLook(target.postgres or "", _BEHIND)

    def hurts(self, before: Reading, now: Reading) -> str:
        behind = number(now, "value") or 0
        if behind <= (number(before, "value") or 0):
            return ""
        how = f"replays {1000 * self.delay:g} ms late" if self.delay else "is paused"
        return f"the standby {how} and has {behind:g} bytes of log that it has not replayed"

    def healed(self, before: Reading, now: Reading) -> str:
        behind = number(now, "value")
        if not now.get("ended") or behind is None or behind > (number(before, "value") or 0):
            return ""
        return f"the standby has replayed all but {behind:g} bytes"
