"""Hold a lock on a PostgreSQL table, or on some of its rows, and watch who waits for it.

Configuration: ``dsn``, ``name`` (of the session), ``table``, ``where`` (empty: the whole table),
``mode``, ``nowait``, ``timeout_s`` (how long to wait for the lock) and ``hold_s``. Reports
``granted`` (whether the server says that we hold it), ``rows`` (how many are locked), ``refused``
(the SQLSTATE that a statement of ours got that wanted the same), ``waiting`` (sessions that wait
for us), ``waited_ms`` (the longest of those waits) and ``lost`` (how often the server took the lock
away, such as by a crash; it is asked for again).
"""

from __future__ import annotations

import sys
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.postgres_session import (
    OBSERVER,
    Session,
    SqlRefused,
    refused_state,
    serve,
)

LOOK_S = 0.1
AGAINST = {
    "ACCESS SHARE": "ACCESS EXCLUSIVE",
    "ROW SHARE": "EXCLUSIVE",
    "ROW EXCLUSIVE": "SHARE",
    "SHARE UPDATE EXCLUSIVE": "SHARE UPDATE EXCLUSIVE",
    "SHARE": "ROW EXCLUSIVE",
    "SHARE ROW EXCLUSIVE": "ROW EXCLUSIVE",
    "EXCLUSIVE": "ROW SHARE",
    "ACCESS EXCLUSIVE": "ACCESS SHARE",
}
"""For each mode the weakest one that it keeps out (see *Explicit Locking* in the manual)."""

_GRANTED = """
SELECT count(*) FROM pg_locks WHERE pid = %(pid)s AND granted
  AND relation = %(table)s::regclass AND mode = %(mode)s
"""
_WAITING = """
SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float8
FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND %(pid)s = ANY (pg_blocking_pids(pid))
"""
_ROW_LOCK = "RowShareLock"


def statement_of(table: str, where: str, mode: str, *, nowait: bool) -> str:
    """Return the SQL that takes the lock: on the rows that meet *where*, or on the table."""
    end = " NOWAIT" if nowait else ""
    if where:
        return f"SELECT 1 FROM {table} WHERE {where} FOR {mode}{end}"
    return f"LOCK TABLE {table} IN {mode} MODE{end}"


def probe_of(table: str, where: str, mode: str) -> str:
    """Return the SQL that is refused at once while the lock is held."""
    if where:
        return statement_of(table, where, "UPDATE", nowait=True)
    return statement_of(table, "", AGAINST[mode], nowait=True)


class Lock:
    """A lock, the session that holds it and the one that looks."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._looking = Session(config["dsn"], OBSERVER, autocommit=False)
        self._config = config
        self._table = self._looking.table(config["table"])
        self._looking.rollback()
        mode = config["mode"]
        self._name = _ROW_LOCK if config["where"] else mode.title().replace(" ", "") + "Lock"
        self.rows = 0
        self._session = self._taken()

    def _taken(self) -> Session:
        config = self._config
        session = Session(
            config["dsn"], config["name"], hold_s=config.get("hold_s") or 0, autocommit=False
        )
        session.rows(f"SET LOCAL lock_timeout = {int(1000 * config['timeout_s'])}")
        wanted = statement_of(
            self._table, config["where"], config["mode"], nowait=config["nowait"]
        )
        self.rows = len(session.rows(wanted))
        return session

    def look(self) -> dict[str, Any]:
        """Return what the server says of the lock."""
        asked = {"pid": self._session.pid, "table": self._table, "mode": self._name}
        granted = self._looking.rows(_GRANTED, asked)[0][0] > 0
        waiting, waited_s = self._looking.rows(_WAITING, asked)[0]
        self._looking.rollback()
        wanted = probe_of(self._table, self._config["where"], self._config["mode"])
        refused = refused_state(self._looking, [wanted])
        return {
            "granted": granted, "rows": self.rows, "refused": refused,
            "waiting": waiting, "waited_ms": round(1000 * waited_s),
        }  # fmt: skip


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Take the lock and hold it until the lifeline ends."""
    lock = Lock(config)
    longest = lost = 0
    is_lost = False
    if config["where"] and not lock.rows:
        raise SqlRefused(f"no row of {config['table']} meets {config['where']!r}", "")
    report(ready=True)
    while True:
        try:
            seen = lock.look()
            longest = max(longest, seen["waited_ms"])
            is_lost = False
            report(**{**seen, "waited_ms": longest, "lost": lost})
        except SqlRefused as error:
            # Whatever else is done to the server: what it took from us, it gives back.
            lost += not is_lost
            is_lost = True
            report(granted=False, lost=lost, error=f"the lock was lost: {error}")
            lock = _again(config) or lock
        lifeline.wait(LOOK_S)


def _again(config: dict[str, Any]) -> Lock | None:
    try:
        return Lock(config)
    except SqlRefused:
        return None


if __name__ == "__main__":
    sys.exit(serve(hold))
