"""Exit statuses of the children of this process, whoever collects them.

The custodian's loop reaps everything, orphans included, and hands in what it found; a replay has
no such loop and asks for each child by itself. Both ask here.
"""

from __future__ import annotations

import os
from typing import Any

from hormesis.host.owner import PRIVILEGED, Owner


class Children:
    """The children started through this process and how they ended.

    ``owner`` is whose they are; None: this process's own user's.
    """

    def __init__(self, owner: Owner | None = None) -> None:
        self.owner = owner
        self._started: set[int] = set()
        self._statuses: dict[int, int] = {}
        self._unreported: list[int] = []

    def popen(self, module: str = "") -> dict[str, Any]:
        """Return the arguments by which ``subprocess`` starts one as its owner.

        *module* is the program's when it is one of ours, which may keep this process's rights.
        """
        return {} if self.owner is None or module in PRIVILEGED else self.owner.popen()

    def __contains__(self, pid: int) -> bool:
        return pid in self._started

    def started(self, pid: int) -> None:
        """Remember *pid* as ours, so that its status is kept."""
        self._started.add(pid)
        self._statuses.pop(pid, None)

    def status_of(self, pid: int) -> int | None:
        """Return how *pid* ended: an exit status, or minus the signal's number; None if unknown."""
        if pid in self._started and pid not in self._statuses:
            try:
                found, raw = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                return None
            if found == pid:
                self._statuses[pid] = os.waitstatus_to_exitcode(raw)
                self._unreported.append(pid)
        return self._statuses.get(pid)

    def reap(self) -> list[int]:
        """Collect every child that has ended, adopted orphans included.

        Return those we started, each once, also when its status was asked for before.
        """
        ours, self._unreported = self._unreported, []
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ours
            if pid == 0:
                return ours
            if pid in self._started:
                self._statuses[pid] = os.waitstatus_to_exitcode(raw)
                ours.append(pid)

    def forget(self, pid: int) -> None:
        """Drop what is known about *pid*."""
        self._started.discard(pid)
        self._statuses.pop(pid, None)
