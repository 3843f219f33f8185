"""Change settings of a PostgreSQL server or database, and put back what they were before.

Configuration: ``dsn``, ``action`` (``read``, ``set`` or ``restore``), ``scope`` (``server``: ALTER
SYSTEM and a reload, felt by every session at once; ``database``: ALTER DATABASE, felt by sessions
that begin later) and ``settings`` (name to text). With ``reconnect`` the sessions of the database
are ended, so that they begin anew; ours are spared. ``try`` is a statement that is tried
afterwards in a new session and given up: its SQLSTATE is reported as ``refused``.

``read`` reports ``former``: of each name the text that this scope had set, or null. ``restore``
finds that in ``captured``.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from hormesis.host.holders.postgres_session import (
    Session,
    SqlRefused,
    end_earlier,
    marked,
    refused_state,
)
from hormesis.host.programs.database_program import PATIENCE_S, Failed, run

NAME = "hormesis-setting"
_FELT_S = 3.0
_LOOK_S = 0.02
_OF_SERVER = """
SELECT name, setting FROM pg_file_settings
WHERE sourcefile LIKE '%%/postgresql.auto.conf' AND name = ANY (%(names)s) ORDER BY seqno
"""
_OF_DATABASE = """
SELECT split_part(one, '=', 1), substr(one, strpos(one, '=') + 1)
FROM pg_db_role_setting, unnest(setconfig) AS one
WHERE setrole = 0 AND split_part(one, '=', 1) = ANY (%(names)s)
  AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_OTHERS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database()
  AND backend_type = 'client backend' AND application_name NOT LIKE 'hormesis-%%'
  AND pid <> pg_backend_pid()
"""
_LOADED = "SELECT extract(epoch FROM pg_conf_load_time())::float8"
_QUOTED = "SELECT quote_ident(%(name)s), quote_literal(%(value)s)"


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Do what ``action`` says and return what is reported.

    Raises:
        Failed: the server refused or is not there.
    """
    try:
        if config["action"] == "restore":
            end_earlier(config["dsn"], marked(NAME))
        session = _session(config["dsn"])
        if config["action"] == "read":
            return {"former": former(session, config)}
        wanted: Mapping[str, str | None] = config["settings"]
        if config["action"] == "restore":
            wanted = (config.get("captured") or {}).get("former") or {}
        for name, value in wanted.items():
            _alter(session, config["scope"], name, value)
        felt = config["scope"] == "database" or _reloaded(session, config["dsn"])
        ended = _end_others(session) if config.get("reconnect") else 0
        session.close()
        return {"set": len(wanted), "felt": felt, "sessions_ended": ended, **_tried(config)}
    except SqlRefused as error:
        raise Failed(str(error)) from error


def former(session: Session, config: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what the scope sets now, null for what it does not set."""
    names = list(config["settings"])
    query = _OF_SERVER if config["scope"] == "server" else _OF_DATABASE
    found = dict(session.rows(query, {"names": names}))
    return {name: found.get(name) for name in names}


def _session(dsn: str) -> Session:
    session = Session(dsn, marked(NAME), patience_s=PATIENCE_S)
    # What we set may be what would keep us from putting it back.
    session.rows("SET default_transaction_read_only = off")
    return session


def _alter(session: Session, scope: str, name: str, value: str | None) -> None:
    quoted, text = session.rows(_QUOTED, {"name": name, "value": value or ""})[0]
    what = f"RESET {quoted}" if value is None else f"SET {quoted} = {text}"
    if scope == "server":
        session.rows(f"ALTER SYSTEM {what}")
        return
    database = session.rows("SELECT quote_ident(current_database())")[0][0]
    session.rows(f"ALTER DATABASE {database} {what}")


def _reloaded(session: Session, dsn: str) -> bool:
    """Have the server read its settings again and wait until new sessions have them."""
    before = session.rows(_LOADED)[0][0]
    session.rows("SELECT pg_reload_conf()")
    until, pause = time.monotonic() + _FELT_S, threading.Event()
    while time.monotonic() < until:
        # Only a new session has what the postmaster read; this one may have read it later.
        fresh = Session(dsn, NAME)
        loaded = fresh.rows(_LOADED)[0][0]
        fresh.close()
        if loaded > before:
            return True
        pause.wait(_LOOK_S)
    return False


def _end_others(session: Session) -> int:
    ended = 0
    for (pid,) in session.rows(_OTHERS):
        try:
            ended += bool(session.rows("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})[0][0])
        except SqlRefused:
            continue  # A superuser's session, and we are none.
    return ended


def _tried(config: Mapping[str, Any]) -> dict[str, str]:
    if not config.get("try"):
        return {}
    session = Session(config["dsn"], NAME, autocommit=False)
    state = refused_state(session, [config["try"]])
    session.close()
    return {"refused": state}


if __name__ == "__main__":
    sys.exit(run(work, "psycopg", "postgres"))
