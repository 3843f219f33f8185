"""Do to a primary what makes its standbys cancel queries, again and again.

Configuration: ``dsn`` (of the primary), ``name``, ``tables``, ``how`` (``vacuum``: remove dead rows
that queries on a standby may still see; ``lock``: take each table's ACCESS EXCLUSIVE lock for
``lock_s``), ``every_s`` and ``hold_s``. Reports ``rounds`` and ``error`` when one failed.
"""

from __future__ import annotations

import sys
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.postgres_session import Session, SqlRefused, serve

_LOCK_TIMEOUT_MS = 1000


def once(session: Session, nudge: Session, config: dict[str, Any], lifeline: Lifeline) -> None:
    """Provoke once, on every table."""
    for name in config["tables"]:
        table = session.table(name)
        if config["how"] == "vacuum":
            session.rows(f"VACUUM (TRUNCATE false) {table}")
            continue
        session.rows("BEGIN")
        try:
            session.rows(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            # The lock travels in the log, which somebody's commit makes the server write out.
            nudge.rows("SELECT txid_current()")
            lifeline.wait(config["lock_s"])
        finally:
            session.rollback()


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Provoke until the lifeline ends."""
    session, nudge = _session(config), _session(config)
    report(ready=True, rounds=0)
    rounds = 0
    while True:
        try:
            if session.lost or nudge.lost:
                session, nudge = _session(config), _session(config)
            once(session, nudge, config, lifeline)
            rounds += 1
            report(rounds=rounds)
        except SqlRefused as error:
            report(rounds=rounds, error=str(error))
        lifeline.wait(config["every_s"])


def _session(config: dict[str, Any]) -> Session:
    session = Session(config["dsn"], config["name"], hold_s=config.get("hold_s") or 0)
    session.rows(f"SET lock_timeout = {_LOCK_TIMEOUT_MS}")
    return session


if __name__ == "__main__":
    sys.exit(serve(hold))
