"""Limit heirs: processes that inherited a soft limit of ours and left the tree they were born in.

A daemon that forks twice keeps no bond to who started it, and may do so between any two looks. What
it does keep is what a child inherits: the exact number we set, its user and its control groups. And
only some can be its parent now: whoever adopts orphans is init, or a forebear of who was limited.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection

from hormesis.host.process import Identity, Stat, read_proc
from hormesis.host.resource_limits import soft_limit, user_of
from hormesis.host.tree import identity, processes


def moment() -> int:
    """Return the present in the unit of a process's start: clock ticks since the boot."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def group_of(pid: int) -> str:
    """Return the control groups of *pid* as the kernel tells them; empty when it is gone."""
    return read_proc(pid, "cgroup").decode(errors="replace")


def adopters_of(pid: int) -> list[int]:
    """Return the pids that orphans of *pid*'s descendants can come to: init and its forebears."""
    every = {stat.pid: stat.parent for stat in processes()}
    found = {1}
    while (pid := every.get(pid, 0)) and pid not in found:
        found.add(pid)
    return sorted(found)


def heirs(
    name: str, softs: Collection[int], since: int, users: Collection[object],
    groups: Collection[str], adopters: Collection[int],
) -> list[Identity]:
    """Return the processes whose soft limit *name* can only be one of *softs* by inheritance.

    Such a process was born at or after *since* (see :func:`moment`), belongs to one of *users* and
    is in one of *groups*. What has an older forebear with that limit is that one's child: if it is
    ours, it is found by descent. What has a parent that is none of *adopters* was never orphaned:
    it is somebody else's child, whatever its limit is.
    """
    every = {stat.pid: stat for stat in processes()}
    return [
        identity(stat) for stat in every.values()
        if stat.start >= since and stat.pid != os.getpid()
        and user_of(stat.pid) in users and group_of(stat.pid) in groups
        and soft_limit(stat.pid, name) in softs
        and (first := _first_of(stat, every, name, softs)).start >= since
        and first.parent in adopters
    ]  # fmt: skip


def _first_of(stat: Stat, every: dict[int, Stat], name: str, softs: Collection[int]) -> Stat:
    """Return the oldest in an unbroken line of forebears that have one of *softs*."""
    while (parent := every.get(stat.parent)) and soft_limit(parent.pid, name) in softs:
        stat = parent
    return stat
