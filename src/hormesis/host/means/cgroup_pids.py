"""``cgroup-pids``: control groups with the controller pids, of either version."""

from __future__ import annotations

from hormesis.host.cgroups import missing_controller

USE = "a limit on how many tasks a service has (process-limit)"
REMEDY = "root, or a control group delegated to this user"


def missing() -> str:
    """Make such a group and remove it; return why that does not work."""
    return missing_controller("pids")
