"""``cgroup-kill``: control groups with `cgroup.kill`, of either version."""

from __future__ import annotations

from hormesis.host.cgroups import missing_controller

USE = "killing a whole service in one instant (kill)"
REMEDY = "root, or a control group delegated to this user, Linux 5.14 and cgroup2"


def missing() -> str:
    """Make such a group and remove it; return why that does not work."""
    return missing_controller("kill")
