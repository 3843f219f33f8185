"""Snapshot: the sessions of one database at one instant, their locks, and who waits for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OURS = "hormesis-"
"""How the names of sessions begin that belong to the toolkit, not to a test."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the database, as ``pg_stat_activity`` tells it; durations in seconds.

    ``query`` is the statement that runs, or the last one. ``transaction_s`` is None outside a
    transaction.
    """

    pid: int
    application: str
    state: str
    query: str
    transaction_s: float | None
    query_s: float | None
    began: str = ""
    """When the transaction began, as a text that tells transactions of one session apart."""

    @property
    def ours(self) -> bool:
        """Return whether it belongs to the toolkit: a fault's or an observer's."""
        return self.application.startswith(OURS)


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock that a session holds or wants.

    ``on`` says in words what it is on: ``table jobs``, ``row (0,3) of jobs``, ``transaction 741``,
    ``advisory lock 7``. ``waited_s`` is None for a granted one, and before PostgreSQL 14.
    """

    pid: int
    sort: str
    mode: str
    granted: bool
    on: str
    waited_s: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """One session that waits for a lock, with those in its way."""

    waiter: Session
    blockers: tuple[Session, ...]
    on: str
    mode: str
    for_s: float


@dataclass(frozen=True, slots=True)
class Deadlock:
    """Sessions that were seen to wait for each other in a circle; each waits for the next.

    ``at_s`` counts from the monitor's start.
    """

    at_s: float
    waits: tuple[Wait, ...]

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the sessions' process ids, in the circle's order."""
        return tuple(one.waiter.pid for one in self.waits)


@dataclass(frozen=True, slots=True)
class LongTransaction:
    """A transaction that lasted; ``open`` says whether it was still open when asked."""

    session: Session
    lasted_s: float
    open: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the server said at ``at_s`` seconds from the monitor's start."""

    at_s: float
    sessions: Mapping[int, Session]
    locks: tuple[Lock, ...]
    blocked_by: Mapping[int, tuple[int, ...]]
    """The process ids in the way of each session that waits for a lock."""

    def waits(self) -> tuple[Wait, ...]:
        """Return who waits, the longest wait first."""
        found = [self._wait(pid) for pid in self.blocked_by if pid in self.sessions]
        return tuple(sorted(found, key=lambda one: (-one.for_s, one.waiter.pid)))

    def roots(self) -> tuple[Session, ...]:
        """Return the sessions that others wait for and that wait for nobody."""
        blockers = {pid for pids in self.blocked_by.values() for pid in pids}
        roots = sorted(blockers - self.blocked_by.keys())
        return tuple(self.session(pid) for pid in roots)

    def circles(self) -> tuple[tuple[int, ...], ...]:
        """Return the circles of waiting sessions, each from its smallest process id on."""
        found: dict[tuple[int, ...], None] = {}
        for start in sorted(self.blocked_by):
            if circle := self._circle_from(start):
                least = circle.index(min(circle))
                found[circle[least:] + circle[:least]] = None
        return tuple(found)

    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Return the circles with what each member waits for."""
        return tuple(
            Deadlock(self.at_s, tuple(self._wait(pid) for pid in circle))
            for circle in self.circles()
        )

    def session(self, pid: int) -> Session:
        """Return a session; one that is not listed here holds a prepared transaction, or is gone.

        The server tells a prepared transaction that is in the way as process 0.
        """
        unseen = "a prepared transaction" if pid == 0 else "not of this database, or gone"
        return self.sessions.get(pid) or Session(pid, "", unseen, "", None, None)

    def _wait(self, pid: int) -> Wait:
        waiter = self.session(pid)
        wanted = [one for one in self.locks if one.pid == pid and not one.granted]
        on, mode = (wanted[0].on, wanted[0].mode) if wanted else ("a lock", "")
        row = next((one.on for one in self.locks if one.pid == pid and one.sort == "tuple"), "")
        if row and wanted and wanted[0].sort == "transactionid":
            # Whoever waits for a row's writer keeps its place in the queue by a lock on the row.
            on = row
        waited = wanted[0].waited_s if wanted else None
        for_s = waited if waited is not None else waiter.query_s or 0.0
        blockers = tuple(self.session(one) for one in self.blocked_by.get(pid, ()))
        return Wait(waiter, blockers, on, mode, for_s)

    def _circle_from(self, start: int) -> tuple[int, ...]:
        """Return the circle through *start*, depth first; empty when there is none."""
        trail: list[int] = [start]
        branches = [iter(self.blocked_by.get(start, ()))]
        seen = {start}
        while branches:
            following = next(branches[-1], None)
            if following is None:
                branches.pop()
                trail.pop()
            elif following == start:
                return tuple(trail)
            elif following not in seen:
                seen.add(following)
                trail.append(following)
                branches.append(iter(self.blocked_by.get(following, ())))
        return ()
