"""The tree of a process: its descendants, however they were reparented, and how to end them all.

Three bonds make a process part of a tree: descent, the session it was started in, and the
ownership mark in its environment. No single one is enough: an orphan loses descent, a daemon
leaves the session, and servers that rewrite their title wipe the mark.
"""

from __future__ import annotations

import os
import signal
import time

from hormesis.host.process import (
    MARK,
    Identity,
    Stat,
    boot_id,
    ended,
    read_proc,
    send,
    stat_of,
)
from hormesis.host.steps import Steps

_MARK_HEAD = f"\0{MARK}=".encode()
_KILL_ROUNDS = 20
_KILL_ROUND_S = 0.25


def processes() -> list[Stat]:
    """Return the state of every live process, oldest pid first."""
    pids = sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [stat for pid in pids if (stat := stat_of(pid)) is not None and not stat.dead]


def mark_of(pid: int) -> str:
    """Return the ownership mark of *pid*, or an empty text where there is none to see."""
    _, found, after = (b"\0" + read_proc(pid, "environ")).partition(_MARK_HEAD)
    return after.partition(b"\0")[0].decode(errors="replace") if found else ""


def identity(stat: Stat) -> Identity:
    """Return who the process of *stat* is."""
    return Identity(stat.pid, stat.start, boot_id())


def tree(root: Identity | None, *, session: bool = False, mark: str = "") -> list[Identity]:
    """Return *root* and all that belong to it, root first; this process is never part of it.

    ``session`` counts the members of the session that *root* leads, even when *root* itself has
    ended; ask for it only where *root* was started as the leader of its own. ``mark`` counts
    processes that bear exactly this ownership mark.
    """
    every = processes()
    found: dict[int, Stat] = {}
    rooted = root is not None and root.boot == boot_id()
    for stat in every:
        # A member of a dead leader's session keeps its pid reserved, so the number still means it.
        by_root = rooted and root is not None and (stat.pid, stat.start) == (root.pid, root.start)
        by_session = session and rooted and root is not None and _in_session(stat, root)
        by_mark = bool(mark) and mark_of(stat.pid) == mark
        if by_root or by_session or by_mark:
            found[stat.pid] = stat
    _add_descendants(found, every)
    found.pop(os.getpid(), None)
    return [identity(stat) for stat in found.values()]


def _in_session(stat: Stat, root: Identity) -> bool:
    if stat.session != root.pid or stat.start < root.start:
        return False
    leader = stat_of(root.pid)
    return leader is None or leader.start == root.start


def _add_descendants(found: dict[int, Stat], every: list[Stat]) -> None:
    while True:
        more = [stat for stat in every if stat.parent in found and stat.pid not in found]
        if not more:
            return
        found.update((stat.pid, stat) for stat in more)


def kill_tree(
    root: Identity | None, *, session: bool = False, mark: str = "", known: list[Identity]
) -> Steps[int]:
    """Kill a tree and wait until nothing of it is left; return how many processes were killed.

    ``known`` are processes that were part of the tree earlier and may have lost every bond.

    Raises:
        TimeoutError: something did not die within five seconds.
    """
    killed: set[Identity] = set()
    for _ in range(_KILL_ROUNDS):
        found = tree(root, session=session, mark=mark)
        left = {*found, *(who for who in known if who.alive)}
        if not left:
            return len(killed)
        for who in left:
            send(who, signal.SIGKILL)
        killed |= left
        yield from ended(left, time.monotonic() + _KILL_ROUND_S)
    pids = ", ".join(str(who.pid) for who in left)
    raise TimeoutError(f"processes {pids} do not die, though they were sent SIGKILL")
