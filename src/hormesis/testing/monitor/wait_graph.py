"""Wait graph: who waits for whom, as text that a person reads when a test has failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hormesis.testing.monitor.snapshot import (
    Deadlock,
    LongTransaction,
    Session,
    Snapshot,
    Wait,
)

STATEMENT_MAX = 100
"""Characters of a statement that are shown."""


def wait_graph(snapshot: Snapshot) -> str:
    """Return the graph: blockers at the left, who waits for them below, circles at the end."""
    waits = snapshot.waits()
    if not waits:
        return "nobody waits for a lock"
    noun = "session waits" if len(waits) == 1 else "sessions wait"
    lines = [f"{len(waits)} {noun} for a lock"]
    told: set[int] = set()
    for root in snapshot.roots():
        lines.append(told_session(root))
        lines += _below(root.pid, waits, told, "")
    for deadlock in snapshot.deadlocks():
        lines += told_deadlock(deadlock)
        told |= set(deadlock.pids)
        for pid in deadlock.pids:
            lines += _below(pid, [one for one in waits if one.waiter.pid not in told], told, "")
    return "\n".join(lines)


def told_deadlock(deadlock: Deadlock) -> list[str]:
    """Return a circle, one line per session."""
    first = deadlock.waits[0].waiter.pid
    circle = " → ".join(str(pid) for pid in (*deadlock.pids, first))
    return [
        f"deadlock at {deadlock.at_s:.2f} s: {circle}",
        *(f"  {_told_waiter(wait)}" for wait in deadlock.waits),
    ]


def told_transactions(transactions: Iterable[LongTransaction]) -> list[str]:
    """Return one line per transaction."""
    return [
        f"{'open for' if one.open else 'lasted'} {one.lasted_s:.2f} s: {told_session(one.session)}"
        for one in transactions
    ]


def told_session(session: Session) -> str:
    """Return a session in one line: who, in what state, which statement."""
    name = f" {session.application}" if session.application else ""
    lasts = f", transaction for {session.transaction_s:.2f} s" if session.transaction_s else ""
    statement = f": {_short(session.query)}" if session.query else ""
    return f"pid {session.pid}{name} ({session.state or 'no state'}{lasts}){statement}"


def _below(pid: int, waits: Sequence[Wait], told: set[int], indent: str) -> list[str]:
    lines: list[str] = []
    mine = [
        one for one in waits
        if one.waiter.pid not in told and any(blocker.pid == pid for blocker in one.blockers)
    ]  # fmt: skip
    told |= {one.waiter.pid for one in mine}
    for place, wait in enumerate(mine):
        last = place == len(mine) - 1
        lines.append(f"{indent}{'└─' if last else '├─'} {_told_waiter(wait)}")
        lines += _below(wait.waiter.pid, waits, told, f"{indent}{'   ' if last else '│  '}")
    return lines


def _told_waiter(wait: Wait) -> str:
    waiter = wait.waiter
    name = f" {waiter.application}" if waiter.application else ""
    mode = f"{wait.mode} on " if wait.mode else ""
    what = f"{mode}{wait.on}: {_short(waiter.query)}"
    return f"pid {waiter.pid}{name} waits {wait.for_s:.2f} s for {what}"


def _short(statement: str) -> str:
    line = " ".join(statement.split())
    return line if len(line) <= STATEMENT_MAX else f"{line[: STATEMENT_MAX - 1]}…"
