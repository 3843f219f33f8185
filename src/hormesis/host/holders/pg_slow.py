"""Run slow queries on a PostgreSQL server, again and again, in several sessions.

Configuration: ``dsn``, ``name``, ``sessions``, ``query`` (may be several statements, which are one
transaction), ``pause_s`` (between two queries of a session) and ``hold_s``. Reports ``active``
(sessions that the server calls active), ``longest_ms`` (the longest query seen under way),
``active_max``, ``waiting`` (sessions of others that wait for one of ours), ``ran`` (queries
finished) and ``error``, the last one, when a query failed.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.postgres_session import OBSERVER, Session, SqlRefused, serve

LOOK_S = 0.1
AGAIN_S = 0.2
_ACTIVE = """
SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float8,
  (SELECT count(*) FROM pg_stat_activity waiting, pg_stat_activity ours
   WHERE waiting.wait_event_type = 'Lock' AND ours.application_name = %(name)s
     AND waiting.application_name <> %(name)s
     AND ours.pid = ANY (pg_blocking_pids(waiting.pid)))
FROM pg_stat_activity WHERE application_name = %(name)s AND state = 'active'
"""


@dataclass
class Work:
    """What the sessions have done, counted by all of them."""

    ran: int = 0
    error: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def done(self, error: str = "") -> None:
        """Count a query."""
        with self.lock:
            self.ran += not error
            self.error = error or self.error


def work(config: dict[str, Any], done: Work) -> None:
    """Run the query for ever; the process ends with its lifeline."""
    session: Session | None = None
    pause = threading.Event()
    while True:
        try:
            if session is None or session.lost:
                session = Session(
                    config["dsn"], config["name"], hold_s=config.get("hold_s") or 0
                )
            session.rows(config["query"])
            done.done()
            pause.wait(config["pause_s"])
        except SqlRefused as error:
            done.done(str(error))
            pause.wait(AGAIN_S)


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Keep the sessions busy until the lifeline ends, and say what the server says of them."""
    looking = Session(config["dsn"], OBSERVER)
    done = Work()
    for number in range(config["sessions"]):
        threading.Thread(target=work, args=(config, done), name=f"{number}", daemon=True).start()
    report(ready=True)
    most, longest = 0, 0
    while True:
        try:
            active, seconds, waiting = looking.rows(_ACTIVE, {"name": config["name"]})[0]
        except SqlRefused as error:
            report(active=0, active_max=most, longest_ms=longest, ran=done.ran, error=str(error))
            looking = _again(config, looking)
        else:
            most, longest = max(most, active), max(longest, round(1000 * seconds))
            failed = {"error": done.error} if done.error else {}
            report(
                active=active, active_max=most, longest_ms=longest, waiting=waiting, ran=done.ran,
                **failed,
            )  # fmt: skip
        lifeline.wait(LOOK_S)


def _again(config: dict[str, Any], looking: Session) -> Session:
    try:
        return Session(config["dsn"], OBSERVER)
    except SqlRefused:
        return looking


if __name__ == "__main__":
    sys.exit(serve(hold))
