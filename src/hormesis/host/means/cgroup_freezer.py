"""``cgroup-freezer``: control groups with a freezer, of either version."""

from __future__ import annotations

from hormesis.host.cgroups import missing_controller

USE = "freezing a service without its parent noticing (pause)"
REMEDY = "root, or a control group delegated to this user"


def missing() -> str:
    """Make such a group and remove it; return why that does not work."""
    return missing_controller("freezer")
