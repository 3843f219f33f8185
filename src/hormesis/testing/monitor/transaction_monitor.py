"""Transaction monitor: what the sessions of a test's database do to each other, while it runs."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import psycopg

from hormesis.engine.bounded_run import run_bounded
from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import Late, wait_until
from hormesis.testing.apart import run_apart
from hormesis.testing.injector.backend import pid_of
from hormesis.testing.monitor.server_view import ServerView
from hormesis.testing.monitor.snapshot import (
    Deadlock,
    Lock,
    LongTransaction,
    Session,
    Snapshot,
    Wait,
)
from hormesis.testing.monitor.wait_graph import told_deadlock, told_transactions, wait_graph
from hormesis.testing.noting import Note, unnoted

EVERY_S = 0.05
"""How often the server is asked; it leaves a deadlock alone for a second, unless told otherwise."""
REMEMBERED_S = 0.25
"""Transactions that lasted at least so long are remembered after they have ended."""
LONG_S = 1.0
"""From so long on a transaction is told in the report of a failed test."""
REMEMBERED_MAX = 1000


class TransactionMonitor:
    """Snapshots on demand, and a thread that watches for deadlocks and long transactions.

    Only sessions of the connection string's own database are seen. What the server is asked while
    it is down raises ``psycopg.OperationalError``; the thread just goes on trying, and tells in the
    report how often it saw nothing.
    """

    def __init__(
        self,
        connection_string: str,
        *,
        every_s: float = EVERY_S,
        note: Note = unnoted,
    ) -> None:
        self._note_effect = note
        self._view = ServerView(connection_string)
        self._watching = ServerView(connection_string)
        self._every_s = every_s
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._deadlocks: dict[tuple[tuple[int, str], ...], Deadlock] = {}
        self._lasted: dict[tuple[int, str], LongTransaction] = {}
        self._worst: Snapshot | None = None
        self._looks = self._blind = 0
        self._told = False

    def start(self) -> TransactionMonitor:
        """Begin to watch in the background."""
        self._thread = threading.Thread(target=self._watch, name="hormesis-monitor", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop watching and hang up; closing twice is harmless."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._watching.close()
        self._view.close()
        if not self._told:
            self._told = True
            self._tell()

    def __enter__(self) -> TransactionMonitor:
        return self.start()

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def snapshot(self) -> Snapshot:
        """Return everything as it is now."""
        snapshot = self._view.snapshot()
        self._note(snapshot)
        return snapshot

    def locks(self) -> tuple[Lock, ...]:
        """Return the locks that sessions hold or want now."""
        return self.snapshot().locks

    def waits(self) -> tuple[Wait, ...]:
        """Return who waits for a lock now, the longest wait first."""
        return self.snapshot().waits()

    def blockers(self) -> tuple[Session, ...]:
        """Return the sessions that hold others up now and themselves wait for nobody."""
        return self.snapshot().roots()

    def long_transactions(self, over_s: float = LONG_S) -> tuple[LongTransaction, ...]:
        """Return transactions of *over_s* seconds and more, open or ended, the longest first."""
        snapshot = self.snapshot()
        still = {(one.pid, one.began) for one in snapshot.sessions.values() if one.began}
        with self._guard:
            lasted = dict(self._lasted)
        found = [
            LongTransaction(one.session, one.lasted_s, open=key in still)
            for key, one in lasted.items()
            if one.lasted_s >= over_s
        ]
        return tuple(sorted(found, key=lambda one: -one.lasted_s))

    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Return the deadlocks that were seen since the start, in their order."""
        with self._guard:
            return tuple(self._deadlocks.values())

    def deadlocks_counted(self) -> int:
        """Return how many the server itself has counted in this database, ever."""
        return self._view.deadlocks_counted()

    def graph(self) -> str:
        """Return who waits for whom now, as readable text."""
        return wait_graph(self.snapshot())

    def until_blocked(self, conn_or_pid: Any, *, within_s: float = 10.0) -> Wait:
        """Return the wait of a session as soon as it waits for a lock.

        Raises:
            AssertionError: it does not within that time, with the wait graph.
        """
        pid = pid_of(conn_or_pid)
        clock = LoopClock()

        async def waits() -> list[Wait]:
            return [one for one in self.waits() if one.waiter.pid == pid]

        try:
            (wait,) = run_apart(
                lambda: run_bounded(
                    wait_until(
                        waits, what=f"session {pid} waits for a lock",
                        deadline=clock.now() + within_s, clock=clock, every_s=0.005,
                    )
                )
            )  # fmt: skip
        except Late as late:
            raise AssertionError(f"{late}\n{self.graph()}") from None
        return wait

    def report(self) -> str:
        """Return what a failed test should tell, also when the server is gone; empty: nothing."""
        parts = []
        now = self._last_look()
        now_waits = now is not None and bool(now.blocked_by)
        if now is not None and now_waits:
            parts.append(wait_graph(now))
        with self._guard:
            deadlocks, worst = list(self._deadlocks.values()), self._worst
            lasted = [one for one in self._lasted.values() if one.lasted_s >= LONG_S]
        circling = {pid for one in deadlocks for pid in one.pids}
        if worst is not None and not now_waits and not worst.blocked_by.keys() <= circling:
            parts.append(f"at {worst.at_s:.2f} s:\n{wait_graph(worst)}")
        parts += ["\n".join(told_deadlock(one)) for one in deadlocks]
        if lasted:
            parts.append("\n".join(["long transactions:", *told_transactions(lasted)]))
        if self._blind:
            parts.append(f"the server did not answer {self._blind} of {self._looks} times")
        return "\n\n".join(parts)

    def _tell(self) -> None:
        for deadlock in self.deadlocks():
            circle = " → ".join(str(pid) for pid in deadlock.pids)
            self._note_effect("deadlock", f"sessions waited for each other: {circle}")
        longest = max((one.lasted_s for one in self._lasted.values()), default=0.0)
        if longest >= LONG_S:
            self._note_effect("long-transaction", f"a transaction lasted {longest:.1f} s")

    def _last_look(self) -> Snapshot | None:
        try:
            return self.snapshot()
        except psycopg.Error:
            return None

    def _watch(self) -> None:
        while not self._end.is_set():
            self._looks += 1
            try:
                self._note(self._watching.snapshot())
            except psycopg.Error:
                # A server that a fault took down is no reason to stop looking.
                self._blind += 1
            self._end.wait(self._every_s)

    def _note(self, snapshot: Snapshot) -> None:
        with self._guard:
            for deadlock in snapshot.deadlocks():
                members = ((one.waiter.pid, one.waiter.began) for one in deadlock.waits)
                self._deadlocks.setdefault(tuple(members), deadlock)
            for session in snapshot.sessions.values():
                lasted_s = session.transaction_s or 0.0
                if lasted_s < REMEMBERED_S or session.ours:
                    continue
                key = session.pid, session.began
                if len(self._lasted) < REMEMBERED_MAX or key in self._lasted:
                    self._lasted[key] = LongTransaction(session, lasted_s, open=True)
            if len(snapshot.blocked_by) > len(self._worst.blocked_by if self._worst else ()):
                self._worst = snapshot
