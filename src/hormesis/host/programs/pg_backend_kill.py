"""Kill one process of a PostgreSQL server with SIGKILL, and watch the server recover.

The postmaster takes this for a crash that may have spoilt the shared memory: it ends every session,
replays the log and takes connections again.

Configuration: ``dsn``, ``which`` (``client`` or the ``backend_type`` of a process of the server's
own), ``application`` (LIKE pattern, for clients), ``seed``, ``pids`` (the processes of the server
on this machine, from the custodian) and ``back_s`` (how long it may take to come back). Reports
``killed`` (the pid), ``dropped`` (whether a session of ours, that had nothing to do with it, was
ended) and ``back_ms`` (until the server took a connection again).
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from random import Random
from typing import Any

from hormesis.host.holders.postgres_session import Session, SqlRefused
from hormesis.host.process import Identity, send
from hormesis.host.programs.database_program import Failed, run

NAME = "hormesis-backend"
_LOOK_S = 0.005
_CLIENTS = """
SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'
  AND datname = current_database() AND application_name NOT LIKE 'hormesis-%%'
  AND application_name LIKE %(application)s ORDER BY pid
"""
_OWN = "SELECT pid FROM pg_stat_activity WHERE backend_type = %(which)s ORDER BY pid"


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Kill and watch.

    Raises:
        Failed: nothing was there to kill, or the server did not come back.
    """
    try:
        watching = Session(config["dsn"], NAME)
        victim = _victim(config, watching)
    except SqlRefused as error:
        raise Failed(str(error)) from error
    began = time.monotonic()
    try:
        if not send(victim, signal.SIGKILL):
            raise Failed(f"process {victim.pid} ended by itself just now")
    except PermissionError as error:
        raise Failed(f"process {victim.pid} belongs to another user") from error
    until, pause = began + config["back_s"], threading.Event()
    dropped = _dropped(watching, until, pause)
    while time.monotonic() < until:
        try:
            Session(config["dsn"], NAME).close()
        except SqlRefused:
            pause.wait(_LOOK_S)
            continue
        back_ms = round(1000 * (time.monotonic() - began))
        return {"killed": victim.pid, "dropped": dropped, "back_ms": back_ms}
    raise Failed(f"killed process {victim.pid}; the server is not back after {config['back_s']} s")


def _victim(config: dict[str, Any], watching: Session) -> Identity:
    if config["which"] == "client":
        found = watching.rows(_CLIENTS, {"application": config.get("application") or "%"})
    else:
        found = watching.rows(_OWN, {"which": config["which"]})
    pids = [row[0] for row in found]
    if not pids:
        raise Failed(f"the server has no {config['which']} process to kill")
    # The same number may be somebody else's here when the server is on another machine.
    here = [pid for pid in pids if pid in config["pids"]]
    who = Identity.of(Random(config["seed"]).choice(here)) if here else None
    if who is None:
        raise Failed("the server's processes are not those of the target's process")
    return who


def _dropped(watching: Session, until: float, pause: threading.Event) -> bool:
    while time.monotonic() < until:
        try:
            watching.rows("SELECT 1")
        except SqlRefused:
            return True
        pause.wait(_LOOK_S)
    return False


if __name__ == "__main__":
    sys.exit(run(work, "psycopg", "postgres"))
