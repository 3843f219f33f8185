"""Why a child process ended: by itself, by somebody's signal, or by the kernel for memory."""

from __future__ import annotations

import signal
from pathlib import Path

from proving_ground.hive.roster import CRASHED, OOM

_VMSTAT = Path("/proc/vmstat")


class OutOfMemoryKills:
    """Tells the kernel's kills for want of memory from other SIGKILLs.

    The kernel counts them for the whole machine (``oom_kill`` in ``/proc/vmstat``), those within a
    control group included. A SIGKILL that comes with a count that has risen is taken for one;
    when another program is killed at that very moment, this is mistaken.
    """

    def __init__(self, vmstat: Path = _VMSTAT) -> None:
        self._vmstat = vmstat
        self._seen = self._count()

    def cause_of(self, exit_status: int) -> str:
        """Return the cause of an end with this status; negative ones are signals."""
        count = self._count()
        risen = count > self._seen
        self._seen = count
        return OOM if risen and exit_status == -signal.SIGKILL else CRASHED

    def _count(self) -> int:
        try:
            for line in self._vmstat.read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
        except (OSError, ValueError):
            pass
        return 0
