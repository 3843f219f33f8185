"""Worker processes of a holder: children that end with their parent, however that ends.

They are forked before the holder starts any thread. Each holds the reading end of a pipe whose
writing end only the parent has, and asks between two strokes of work whether it has closed.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress


class Workers:
    """Children that all do the same thing until their parent is gone or lets them go."""

    def __init__(self, count: int, work: Callable[[Callable[[float], bool]], None]) -> None:
        """Fork *count* children; each runs ``work(parted)``.

        ``parted(seconds)`` waits so long for the parent's end and returns whether it has come.
        """
        self.pids: list[int] = []
        self._ours, theirs = self._pipe = os.pipe()
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                os.close(theirs)
                self._live(work)
            self.pids.append(pid)
        os.close(self._ours)

    def _live(self, work: Callable[[Callable[[float], bool]], None]) -> None:
        """Work, and end; a child must never go on into its parent's program."""
        status = 1
        try:
            # A copy of the holder's lifeline must not stay open in us.
            os.close(0)
            work(self._parted)
            status = 0
        finally:
            os._exit(status)

    def _parted(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])

    def status_of(self, pid: int) -> int | None:
        """Return how a child ended (minus a signal's number), or None while it works."""
        with suppress(ChildProcessError):
            found, raw = os.waitpid(pid, os.WNOHANG)
            return os.waitstatus_to_exitcode(raw) if found else None
        return 0

    def end(self) -> None:
        """Kill the children and wait for their ends."""
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
