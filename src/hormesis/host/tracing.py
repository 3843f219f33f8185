"""Tracing: who traces a process, as the kernel tells it (see proc(5), ``/proc/PID/status``)."""

from __future__ import annotations

from hormesis.host.process import read_proc


def tracer_of(pid: int) -> int:
    """Return who traces *pid*; 0 when nobody does, or when it has ended."""
    for line in read_proc(pid, "status").decode(errors="replace").splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    return 0
