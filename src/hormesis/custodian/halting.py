"""Halting: ends a run that is under way from outside, and sees that everything is put back.

The engine is asked first and given time to end in good order. One that does not hear is killed:
its custodian then reverts everything, as it would after any crash.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from hormesis.custodian.recover import replay
from hormesis.custodian.registry import OpenRun
from hormesis.host.process import Identity, ended, send
from hormesis.host.steps import drive
from hormesis.words.trouble import DirtyTrouble

REVERT_S = 60.0
"""How long a custodian may take to revert everything once its engine is gone."""


def halt(
    run: OpenRun, *, patience_s: float, say: Callable[[str], None], owner: int | None = None
) -> None:
    """End *run*, telling each step; return once nothing of it is left on this host.

    Is it known from a folder that another user writes to, *owner* is that user's id: then only
    processes of that user are ended, and only that user's own commands put back what is left.

    Raises:
        DirtyTrouble: something could not be undone.
        PermissionError: the run belongs to somebody else.
    """
    custodian = run.custodian
    for who in (run.engine, custodian):
        if owner is not None and who is not None and who.alive and _owner_of(who) != owner:
            raise DirtyTrouble(
                f"{run.pointer} names process {who.pid}, which belongs to somebody else",
                hint="it was left alone",
            )
    if run.engine is not None and run.engine.alive:
        say(f"asking engine {run.engine.pid} to stop")
        send(run.engine, signal.SIGTERM)
        if not _gone(run.engine, patience_s):
            say(f"it did not within {patience_s:g} s: killing it")
            send(run.engine, signal.SIGKILL)
    if custodian is not None and custodian.alive and not _gone(custodian, REVERT_S):
        say(f"custodian {custodian.pid} did not end within {REVERT_S:g} s: killing it")
        send(custodian, signal.SIGKILL)
        _gone(custodian, REVERT_S)
    if not run.pointer.exists():
        return
    if owner is not None:
        # A replay starts what its ledger says, which root must not do at another's bidding.
        raise DirtyTrouble(
            f"run {run.run_id} may have left something, which is for user {owner} to put back",
            hint="hormesis revert, as that user",
        )
    left = [one.told for one in replay(run.ledger) if one.trouble]
    if left:
        raise DirtyTrouble(f"run {run.run_id} left {'; '.join(left)}", hint="hormesis revert")


def _owner_of(who: Identity) -> int | None:
    try:
        return os.stat(f"/proc/{who.pid}").st_uid
    except FileNotFoundError:
        return None


def _gone(who: Identity, within_s: float) -> bool:
    return drive(ended([who], time.monotonic() + within_s))
