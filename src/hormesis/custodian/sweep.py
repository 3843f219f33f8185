"""The last look around: processes of a run that no effect accounts for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection

from hormesis.host.process import Identity, ended, send
from hormesis.host.steps import Steps
from hormesis.host.tree import identity, mark_of, processes, tree

_ROUNDS = 20
_ROUND_S = 0.25


def sweep_descendants(spare: Collection[int]) -> Steps[int]:
    """Kill every descendant of this process except the pids to *spare*; return how many.

    The custodian is the subreaper of all it starts, so that orphans which left their session and
    wiped their mark still are its descendants.

    Raises:
        TimeoutError: something did not die.
    """
    me = Identity.of(os.getpid())
    return (yield from _sweep(lambda: [who for who in tree(me) if who.pid not in spare]))


def sweep_marked(run: str) -> Steps[int]:
    """Kill every process that bears the mark of *run*; return how many.

    Raises:
        TimeoutError: something did not die.
    """
    head = f"{run}/"
    return (yield from _sweep(lambda: [
        identity(stat) for stat in processes()
        if stat.pid != os.getpid() and mark_of(stat.pid).startswith(head)
    ]))  # fmt: skip


def _sweep(find: Callable[[], list[Identity]]) -> Steps[int]:
    killed = 0
    for _ in range(_ROUNDS):
        left = find()
        if not left:
            return killed
        for who in left:
            killed += send(who, signal.SIGKILL)
        yield from ended(left, time.monotonic() + _ROUND_S)
    raise TimeoutError(f"processes {', '.join(str(who.pid) for who in left)} do not die")
