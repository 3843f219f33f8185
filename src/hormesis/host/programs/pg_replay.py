"""Let a PostgreSQL standby stop replaying the log that it receives, and go on.

Configuration: ``dsn`` and ``action``: ``read`` (reports ``paused``), ``pause``, or ``resume``,
which does nothing when ``captured`` says that it was paused before.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from hormesis.host.holders.postgres_session import Session, SqlRefused
from hormesis.host.programs.database_program import PATIENCE_S, Failed, run

NAME = "hormesis-replay"
_PAUSED_S = 5.0
_LOOK_S = 0.02
_STATE = "SELECT pg_is_wal_replay_paused()"
_STATE_14 = "SELECT pg_get_wal_replay_pause_state() = 'paused'"


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Do what ``action`` says and return what is reported.

    Raises:
        Failed: the server is not there, is no standby, or does not pause.
    """
    try:
        session = Session(config["dsn"], NAME, patience_s=PATIENCE_S)
        if not session.rows("SELECT pg_is_in_recovery()")[0][0]:
            # Promoted meanwhile: it replays nothing any more, so nothing is held back.
            if config["action"] == "resume":
                return {"paused": False}
            raise Failed("the server is not a standby: it replays no log")
        query = _STATE_14 if session.version >= 140000 else _STATE
        if config["action"] == "pause":
            session.rows("SELECT pg_wal_replay_pause()")
            _wait(session, query)
        elif config["action"] == "resume" and not (config.get("captured") or {}).get("paused"):
            session.rows("SELECT pg_wal_replay_resume()")
        return {"paused": bool(session.rows(query)[0][0])}
    except SqlRefused as error:
        raise Failed(str(error)) from error


def _wait(session: Session, query: str) -> None:
    until, pause = time.monotonic() + _PAUSED_S, threading.Event()
    while not session.rows(query)[0][0]:
        if time.monotonic() > until:
            raise Failed(f"the standby does not pause within {_PAUSED_S:g} s")
        pause.wait(_LOOK_S)


if __name__ == "__main__":
    sys.exit(run(work, "psycopg", "postgres"))
