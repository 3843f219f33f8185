"""Deadlock setup: two real connections that are brought into a real deadlock, whenever asked."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import psycopg
from psycopg.errors import DeadlockDetected

from hormesis.engine.bounded_run import run_bounded
from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import wait_until
from hormesis.host.holders.postgres_session import OBSERVER
from hormesis.testing.noting import Note, unnoted
from hormesis.words.randomness import stream_of

LEFT, RIGHT = "deadlock_left", "deadlock_right"
DETECT_MS = 150
"""How long the victim waits before the server looks: long enough for a monitor to see it too."""
NEVER_MS = 60_000
_PATIENCE_S = 10.0
_WAITS = "SELECT %s = ANY (pg_blocking_pids(%s))"
_ABLE = """
SELECT rolsuper OR coalesce((SELECT context = 'user' FROM pg_settings
  WHERE name = 'deadlock_timeout'), false) FROM pg_roles WHERE rolname = current_user
"""

Through = Callable[[Callable[[], None]], Any]
"""Runs a transaction, such as an application's own retry."""


@dataclass(frozen=True, slots=True)
class Provoked:
    """A deadlock that happened: who was aborted, who got through, and the server's own words.

    ``attempts`` is how often the victim's transaction was begun; ``error`` is the server's 40P01.
    ``outcome`` is what the victim's caller was left with: None, or the error that reached it.
    """

    victim: int
    survivor: int
    error: DeadlockDetected
    attempts: int
    took_s: float
    outcome: BaseException | None

    @property
    def sqlstate(self) -> str:
        """Return 40P01."""
        return self.error.sqlstate or ""

    @property
    def detail(self) -> str:
        """Return which process waited for which, in the server's words."""
        return self.error.diag.message_detail or ""


@dataclass
class _Side:
    """One of the two transactions: it locks *first*, then wants *second*."""

    line: psycopg.Connection[Any]
    first: str
    second: str
    gate: Callable[[], None]
    attempts: int = 0
    errors: list[DeadlockDetected] = field(default_factory=list)

    def once(self) -> None:
        """Do the transaction; at its first attempt it stops at the gate between its two locks."""
        self.attempts += 1
        again = self.attempts > 1
        try:
            with self.line.transaction():
                self.line.execute(f"UPDATE {self.first} SET n = n + 1".encode())
                if not again:
                    self.gate()
                self.line.execute(f"UPDATE {self.second} SET n = n + 1".encode())
        except DeadlockDetected as error:
            self.errors.append(error)
            raise


class DeadlockSetup:
    """Two sessions and two tables of one row each, in the connection string's schema.

    Each session locks its own row first and then wants the other's. No time is waited for: the
    second one asks when the server says that the first one waits for it. Where the role may set
    ``deadlock_timeout`` the server looks after 150 ms, else after its own time (usually a second).
    """

    def __init__(
        self,
        connection_string: str,
        seed: int = 0,
        *,
        note: Note = unnoted,
    ) -> None:
        self.rng = stream_of(seed, "deadlock")
        """For the test's own draws."""
        self._dsn = connection_string
        self._note = note
        self._looking: psycopg.Connection[Any] = self._connected(OBSERVER)
        self.connections = (self._connected(""), self._connected(""))
        """The two sessions; idle, and in autocommit, between two deadlocks."""
        self._able = bool(self._looking.execute(_ABLE).fetchall()[0][0])
        for table in (LEFT, RIGHT):
            self._looking.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (n int NOT NULL DEFAULT 0)".encode()
            )
            self._looking.execute(f"TRUNCATE {table}".encode())
            self._looking.execute(f"INSERT INTO {table} DEFAULT VALUES".encode())

    def provoke(self, through: Through | None = None) -> Provoked:
        """Bring the two sessions into a deadlock; return when both have ended.

        Args:
            through: runs the victim's transaction, such as the application's retry, which is then
                called with a function and should call it again after the deadlock; left out: it
                is run once.

        Raises:
            AssertionError: the server did not find a deadlock.
        """
        began = time.monotonic()
        both = threading.Barrier(2)
        early_line, late_line = self.connections
        early = _Side(early_line, LEFT, RIGHT, lambda: _meet(both))
        late = _Side(late_line, RIGHT, LEFT, lambda: self._after(both, early_line, late_line))
        # The server looks once per wait: whoever looks when the circle is closed gives up.
        victim, survivor = (late, early) if self._able else (early, late)
        if self._able:
            victim.line.execute(f"SET deadlock_timeout = {DETECT_MS}")
            survivor.line.execute(f"SET deadlock_timeout = {NEVER_MS}")
        outcomes: dict[int, BaseException] = {}

        def play(side: _Side) -> None:
            try:
                through(side.once) if through is not None and side is victim else side.once()
            except Exception as error:  # noqa: BLE001 - told to the caller as the outcome
                outcomes[id(side)] = error
                both.abort()

        threads = [
            threading.Thread(target=play, args=(side,), daemon=True) for side in (early, late)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=NEVER_MS / 1000)
        return self._told(victim, survivor, outcomes, time.monotonic() - began)

    async def provoke_async(self, through: Through | None = None) -> Provoked:
        """Do what :meth:`provoke` does without blocking the event loop."""
        return await asyncio.to_thread(self.provoke, through)

    def counts(self) -> tuple[int, int]:
        """Return how many transactions have been committed on the left and on the right row."""
        query = f"SELECT (SELECT n FROM {LEFT}), (SELECT n FROM {RIGHT})"
        left, right = self._looking.execute(query.encode()).fetchall()[0]
        return left, right

    def close(self) -> None:
        """Hang up and remove the tables; what is gone already is no error."""
        for line in self.connections:
            line.close()
        try:
            self._looking.execute("SET lock_timeout = '2s'")
            self._looking.execute(f"DROP TABLE IF EXISTS {LEFT}, {RIGHT}".encode())
        except psycopg.Error:
            # With the schema of the test they go in any case, and a server may be gone by now.
            return
        finally:
            self._looking.close()

    def __enter__(self) -> DeadlockSetup:
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connected(self, name: str) -> psycopg.Connection[Any]:
        more: dict[str, Any] = {"application_name": name} if name else {}
        return psycopg.connect(self._dsn, autocommit=True, **more)

    def _after(
        self,
        both: threading.Barrier,
        early: psycopg.Connection[Any],
        late: psycopg.Connection[Any],
    ) -> None:
        """Return when the early session waits for the late one."""
        _meet(both)
        asked = (late.info.backend_pid, early.info.backend_pid)
        clock = LoopClock()

        async def waits() -> bool:
            return bool(self._looking.execute(_WAITS, asked).fetchall()[0][0])

        run_bounded(
            wait_until(
                waits, what="one transaction waits for the other",
                deadline=clock.now() + _PATIENCE_S, clock=clock, every_s=0.002,
            )
        )  # fmt: skip

    def _told(
        self, victim: _Side, survivor: _Side, outcomes: dict[int, BaseException], took_s: float
    ) -> Provoked:
        if not victim.errors and survivor.errors:
            victim, survivor = survivor, victim
        if not victim.errors:
            causes = "; ".join(f"{type(one).__name__}: {one}" for one in outcomes.values())
            raise AssertionError(f"the server found no deadlock: {causes or 'both got through'}")
        provoked = Provoked(
            victim.line.info.backend_pid,
            survivor.line.info.backend_pid,
            victim.errors[0],
            victim.attempts,
            took_s,
            outcomes.get(id(victim)),
        )
        self._note("deadlock", f"process {provoked.victim} was aborted (40P01)")
        return provoked


def _meet(both: threading.Barrier) -> None:
    both.wait(timeout=_PATIENCE_S)
