"""Catch transactions of the application in deadlocks of which they are the victims.

A session of ours locks rows. As soon as a transaction of the application waits for one of them, it
holds a lock on the table itself, since its statement is under way; ours then asks for the table,
and each waits for the other. The server looks for a deadlock when a wait has lasted
``deadlock_timeout``: theirs began first and so is found first, and theirs is aborted (40P01).

Configuration: ``dsn``, ``name``, ``table``, ``where``, ``every_s`` (between two rounds), ``rounds``
(after so many with a victim there is no trap any more; null: no limit) and ``hold_s``. Reports
``deadlocks`` (that the server counts in this database since we began), ``victims`` (transactions
that gave up while we still held what they waited for), ``rounds``, ``caught`` (rounds that had a
victim) and ``own`` (rounds in which we were the victim).
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.postgres_session import OBSERVER, Session, SqlRefused, serve

WATCH_S = 0.01
_LONGER_MS = 60_000
_DEADLOCK = "40P01"
_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND %(pid)s = ANY (pg_blocking_pids(pid))
"""
_COUNTED = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_TIMEOUT = "SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'"


class Trap:
    """The session that catches, and the one that looks."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._looking = Session(config["dsn"], OBSERVER)
        self._table = self._looking.table(config["table"])
        self._where = config["where"]
        self._timeout_ms = int(self._looking.rows(_TIMEOUT)[0][0])
        self._before = self._counted()
        self._session = Session(
            config["dsn"], config["name"], hold_s=config.get("hold_s") or 0, autocommit=True
        )
        with contextlib.suppress(SqlRefused):
            # A superuser's right; without it we are still found second, since we wait second.
            self._session.rows(f"SET deadlock_timeout = {self._timeout_ms + _LONGER_MS}")
        self.victims = self.rounds = self.caught_in = self.own = 0
        self.waiting = self.rows = 0
        self.is_set = False

    def set(self) -> None:
        """Lock the rows."""
        self._session.rows("BEGIN")
        self._session.rows(f"SET LOCAL lock_timeout = {2 * self._timeout_ms + 1000}")
        wanted = f"SELECT 1 FROM {self._table} WHERE {self._where} FOR UPDATE"
        self.rows = len(self._session.rows(wanted))
        self.is_set = True

    def caught(self) -> bool:
        """Return whether somebody waits for one of the rows."""
        self.waiting = self._looking.rows(_WAITING, {"pid": self._session.pid})[0][0]
        return self.waiting > 0

    def spring(self) -> None:
        """Ask for the table; whoever waits for us can only give up."""
        caught = self.waiting
        try:
            self._session.rows(f"LOCK TABLE {self._table} IN EXCLUSIVE MODE")
            self.victims += caught
            self.caught_in += 1
        except SqlRefused as error:
            self.own += error.state == _DEADLOCK
            if self._session.lost:
                raise
        self.rounds += 1

    def open(self) -> None:
        """Let go of everything."""
        self.is_set = False
        self._session.rows("ROLLBACK")

    def reading(self) -> dict[str, int]:
        """Return what is reported."""
        return {
            "deadlocks": self._counted() - self._before, "victims": self.victims,
            "rounds": self.rounds, "caught": self.caught_in, "own": self.own,
        }  # fmt: skip

    def _counted(self) -> int:
        return int(self._looking.rows(_COUNTED)[0][0])


def nothing_to_lock(config: dict[str, Any]) -> str:
    """Return why no transaction can ever be caught."""
    which = "" if config["where"] == "true" else f" that meets {config['where']!r}"
    return f"{config['table']} has no row to lock{which}; INSERTs are not caught"


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Set the trap, wait, spring it, again and again, until the lifeline ends."""
    first = Trap(config)
    trap: Trap | None = first
    try:
        # Whoever writes as soon as the fault is there is to be caught.
        first.set()
    except SqlRefused:
        trap = None  # the rows are busy: tried again below
    if trap is not None and not trap.rows:
        raise SqlRefused(nothing_to_lock(config), "")
    report(ready=True, deadlocks=0, victims=0, rounds=0)
    caught, most = 0, config.get("rounds")
    while True:
        try:
            trap = trap or Trap(config)
            if most is not None and caught >= most:
                lifeline.wait(config["every_s"])
                report(**trap.reading())
                continue
            if not trap.is_set:
                trap.set()
            while not trap.caught():
                lifeline.wait(WATCH_S)
            before = trap.caught_in
            trap.spring()
            trap.open()
            caught += trap.caught_in - before
            report(**trap.reading())
            lifeline.wait(config["every_s"])
            # The server counts a victim when its session has told, which may be a second later.
            report(**trap.reading())
        except SqlRefused as error:
            report(error=str(error), **_counts(trap))
            trap = None
            lifeline.wait(config["every_s"])


def _counts(trap: Trap | None) -> dict[str, int]:
    return {"victims": trap.victims, "rounds": trap.rounds} if trap else {}


if __name__ == "__main__":
    sys.exit(serve(hold))
