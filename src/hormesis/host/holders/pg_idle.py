"""Hold PostgreSQL sessions idle in transactions, each with its snapshot.

Configuration: ``dsn``, ``name``, ``sessions``, ``statement`` (run in each transaction before it
idles; empty: none) and ``hold_s``. Reports ``idle`` (sessions that the server calls idle in
transaction) and ``horizon`` (how many transactions were begun since the oldest of their snapshots,
whose dead rows no vacuum can remove).
"""

from __future__ import annotations

import sys
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.postgres_session import OBSERVER, Session, SqlRefused, serve

LOOK_S = 0.1
_IDLE = """
SELECT count(*), coalesce(max(greatest(age(backend_xid), age(backend_xmin))), 0)
FROM pg_stat_activity WHERE application_name = %(name)s AND state = 'idle in transaction'
"""


def opened(config: dict[str, Any]) -> list[Session]:
    """Open the transactions.

    Raises:
        SqlRefused: one of them cannot be opened; the earlier ones end with this process.
    """
    sessions = []
    for _ in range(config["sessions"]):
        session = Session(
            config["dsn"], config["name"], hold_s=config.get("hold_s") or 0, autocommit=True
        )
        # In this isolation the first statement's snapshot stays; idling alone would hold none.
        session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.rows("SELECT 1 FROM pg_class LIMIT 1")
        if config["statement"]:
            session.rows(config["statement"])
        sessions.append(session)
    return sessions


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Open the transactions and leave them alone until the lifeline ends."""
    looking = Session(config["dsn"], OBSERVER)
    kept = opened(config)
    report(ready=True)
    while True:
        try:
            idle, horizon = looking.rows(_IDLE, {"name": config["name"]})[0]
            report(idle=idle, horizon=horizon, sessions=len(kept))
        except SqlRefused as error:
            report(idle=0, error=str(error))
            looking, kept = _again(config, looking, kept)
        lifeline.wait(LOOK_S)


def _again(
    config: dict[str, Any], looking: Session, kept: list[Session]
) -> tuple[Session, list[Session]]:
    try:
        return Session(config["dsn"], OBSERVER), opened(config)
    except SqlRefused:
        return looking, kept


if __name__ == "__main__":
    sys.exit(serve(hold))
