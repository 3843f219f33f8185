"""CPU time: of another process, and what this thread had to wait for it; without privilege.

Linux gives every process a clock whose number is made from its pid; see clock_getcpuclockid(3).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

_SCHEDULED = 2
"""CPUCLOCK_SCHED: the time really spent on a CPU, user and system."""

_WAITS = Path("/proc/thread-self/schedstat")


def waited_for_cpu_s() -> float:
    """Return how long this thread was ready to run but had no CPU, in seconds since it began.

    See proc_pid_schedstat(5); 0 where the kernel does not count it.
    """
    try:
        return int(_WAITS.read_bytes().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return 0.0


def cpu_time_ns(pid: int) -> int:
    """Return the CPU time that all threads of *pid* have used; 0 when it is gone."""
    try:
        return time.clock_gettime_ns((~pid << 3) | _SCHEDULED)
    except OSError:
        return 0


def cpu_times_ns(pids: Iterable[int]) -> dict[int, int]:
    """Return the CPU time of each of *pids*, leaving out those that are gone."""
    found = {pid: cpu_time_ns(pid) for pid in pids}
    return {pid: used for pid, used in found.items() if used}
