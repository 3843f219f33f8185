"""What a container takes of its CPU and memory, as the kernel counts it.

The engine's own account of it comes once a second; the files of the control group, version 1 or 2,
are there at once. They can be read only where the container's processes can be seen, so not from
outside a virtual machine that runs the engine.
"""

from __future__ import annotations

import time
from pathlib import Path

from hormesis.host.process import read_proc

_ROOT = Path("/sys/fs/cgroup")


def usage_of(pid: int, container_id: str, root: Path = _ROOT) -> dict[str, float]:
    """Return the counters of the control group of *pid*, empty when it is not the container's.

    ``cpu_s`` counts seconds of CPU time up to ``at_s`` (CLOCK_MONOTONIC), ``throttled`` the periods
    in which the CPU limit held it back; ``memory_used_bytes`` and ``memory_limit_bytes`` are what
    they say, ``memory_refused`` counts how often it met the limit, ``oom_kills`` whom that killed.
    """
    groups = _groups(read_proc(pid, "cgroup").decode()) if pid else {}
    if not any(container_id in path for path in groups.values()):
        return {}
    found: dict[str, float | None] = {"at_s": time.monotonic()}
    if "memory" in groups:
        cpu, memory = (root / name / groups.get(name, "") for name in ("cpu", "memory"))
        spent_ns = _number(root / "cpuacct" / groups.get("cpuacct", "") / "cpuacct.usage")
        found |= {
            "cpu_s": None if spent_ns is None else spent_ns / 1e9,
            "throttled": _field(cpu / "cpu.stat", "nr_throttled"),
            "memory_used_bytes": _number(memory / "memory.usage_in_bytes"),
            "memory_limit_bytes": _number(memory / "memory.limit_in_bytes"),
            "memory_refused": _number(memory / "memory.failcnt"),
            "oom_kills": _field(memory / "memory.oom_control", "oom_kill"),
        }
    else:
        group = root / groups.get("", "")
        spent_us = _field(group / "cpu.stat", "usage_usec")
        found |= {
            "cpu_s": None if spent_us is None else spent_us / 1e6,
            "throttled": _field(group / "cpu.stat", "nr_throttled"),
            "memory_used_bytes": _number(group / "memory.current"),
            "memory_limit_bytes": _number(group / "memory.max"),
            "memory_refused": _field(group / "memory.events", "max"),
            "oom_kills": _field(group / "memory.events", "oom_kill"),
        }
    return {key: value for key, value in found.items() if value is not None}


def _groups(text: str) -> dict[str, str]:
    """Return the path of each controller in ``/proc/PID/cgroup``; version 2 goes by ``""``."""
    groups = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path.lstrip("/")
    return groups


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None


def _field(path: Path, name: str) -> float | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    values = [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == name]
    return float(values[0]) if values else None
