"""Server view: reads snapshots over a connection of its own, opened again when it is lost."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg

from hormesis.testing.monitor.snapshot import OURS, Lock, Session, Snapshot

NAME = f"{OURS}monitor"
CONNECT_S = 3
_SESSIONS = """
SELECT pid, coalesce(application_name, ''), coalesce(state, ''), coalesce(query, ''),
  extract(epoch FROM clock_timestamp() - xact_start)::float8,
  extract(epoch FROM clock_timestamp() - query_start)::float8,
  coalesce(xact_start::text, ''),
  CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) ELSE '{}' END
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND pid <> pg_backend_pid() ORDER BY pid
"""
_LOCKS = """
SELECT pid, locktype, mode, granted, relation::regclass::text, page, tuple,
  transactionid::text, virtualxid, classid::int8, objid::int8, objsubid, {waited}
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (locktype <> 'virtualxid' OR NOT granted) ORDER BY pid, granted, locktype, mode
"""
_WAITED = "extract(epoch FROM clock_timestamp() - waitstart)::float8"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_STATE_OF_14 = 140000


class ServerView:
    """Asks the server; safe to use from several threads, one question at a time.

    Every method raises ``psycopg.Error`` when the server is not there.
    """

    def __init__(self, connection_string: str) -> None:
        self._dsn = connection_string
        self._guard = threading.Lock()
        self._line: psycopg.Connection[Any] | None = None
        self._began = time.monotonic()

    def snapshot(self) -> Snapshot:
        """Return sessions, locks and who is in whose way, of this database."""
        with self._guard:
            line = self._connected()
            at_s = time.monotonic() - self._began
            rows = line.execute(_SESSIONS).fetchall()
            waited = _WAITED if line.info.server_version >= _STATE_OF_14 else "NULL::float8"
            locks = line.execute(_LOCKS.replace("{waited}", waited).encode()).fetchall()
        return Snapshot(
            at_s,
            {row[0]: Session(*row[:7]) for row in rows},
            tuple(_lock(row) for row in locks),
            {row[0]: tuple(dict.fromkeys(row[7])) for row in rows if row[7]},
        )

    def deadlocks_counted(self) -> int:
        """Return how many deadlocks the server has counted in this database.

        A victim's session tells of its own when it ends, or else within ten seconds.
        """
        with self._guard:
            return int(self._connected().execute(_DEADLOCKS).fetchall()[0][0])

    def close(self) -> None:
        """Hang up."""
        with self._guard:
            if self._line is not None:
                self._line.close()
            self._line = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._line is None or self._line.closed:
            self._line = psycopg.connect(
                self._dsn, autocommit=True, application_name=NAME, connect_timeout=CONNECT_S
            )
        return self._line


def _lock(row: tuple[Any, ...]) -> Lock:
    pid, sort, mode, granted, relation, page, place, transaction, virtual, *advisory, waited = row
    if sort == "advisory":
        return Lock(pid, sort, mode, granted, f"advisory lock {_advisory(*advisory)}", waited)
    on = {
        "relation": f"table {relation}",
        "extend": f"the end of {relation}",
        "page": f"page {page} of {relation}",
        "tuple": f"row ({page},{place}) of {relation}",
        "transactionid": f"transaction {transaction}",
        "virtualxid": f"transaction {virtual}",
    }.get(sort, sort)
    return Lock(pid, sort, mode, granted, on, waited)


def _advisory(high: int, low: int, sort: int) -> str:
    """Return the key as it was given: one number, or two."""
    return f"({high}, {low})" if sort == 2 else str((high << 32) | low)
