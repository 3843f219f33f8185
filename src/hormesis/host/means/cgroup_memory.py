"""``cgroup-memory``: control groups with the controller memory, of either version."""

from __future__ import annotations

from hormesis.host.cgroups import missing_controller

USE = "memory limits and kernel kills of running processes (memory-limit, oom-kill)"
REMEDY = "root, or a control group delegated to this user"


def missing() -> str:
    """Make such a group and remove it; return why that does not work."""
    return missing_controller("memory")
