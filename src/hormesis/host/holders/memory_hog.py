"""Hold memory: of the machine, of a service's control group, or until the kernel kills a service.

Configuration: ``of`` (host, cgroup, oom), ``share`` (0 to 1) and ``floor_bytes``, what the machine
keeps free whatever is asked; for ``oom`` the ``limit`` of the group, in bytes. For a service
``pid`` is its main process. Whoever holds memory here offers itself to the kernel's out-of-memory
killer first, except for ``oom``, where children fill the control group that the service was moved
into, and the service is to be killed.

Reports ``held``, ``used``, ``limit`` (bytes; for the host the memory that was available), ``share``
of the limit in use, and for ``oom`` whether the service is ``dead``.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from hormesis.host import cgroups
from hormesis.host.cgroups import Hierarchy, NoCgroup
from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report
from hormesis.host.process import Identity
from hormesis.host.workers import Workers

BLOCK = 1 << 20
_BLOCKS_AT_ONCE = 64
_LOOK_S = 0.1
_FILL_S = 0.0005
_FILLERS = 4
FIRST_TO_DIE = 1000


class Room(Protocol):
    """What is being filled."""

    def excess(self, held: int) -> int:
        """Return by how many bytes too much is held; negative while there is more to take."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what to report besides what is held."""
        ...


class HostRoom:
    """The machine's memory: a share of what was available, and never below the floor."""

    def __init__(self, share: float, floor: int) -> None:
        self.limit = available()
        self.goal = max(0, min(int(self.limit * share), self.limit - floor))
        self._floor = floor

    def excess(self, held: int) -> int:
        """Count what is held, and give back first when others need what is left."""
        return max(held - self.goal, self._floor - available())

    def facts(self) -> dict[str, Any]:
        """Return the memory that is not available any more of what was."""
        used = max(0, self.limit - available())
        return {"used": used, "limit": self.limit, "share": round(used / max(1, self.limit), 4)}


class GroupRoom:
    """A control group's memory, whoever of its members uses it."""

    def __init__(self, hierarchy: Hierarchy, folder: Path, share: float) -> None:
        self._where = (hierarchy, folder)
        _, limit = cgroups.memory_use(hierarchy, folder)
        self.goal = int(limit * share)

    def excess(self, held: int) -> int:
        """Count what all members use."""
        used, _ = cgroups.memory_use(*self._where)
        # One block short: the last page must not be the one that costs a member its life.
        over = used - self.goal + BLOCK
        return over if over > BLOCK or over < -BLOCK else 0

    def facts(self) -> dict[str, Any]:
        """Return the group's use beside its limit."""
        used, limit = cgroups.memory_use(*self._where)
        return {"used": used, "limit": limit, "share": round(used / max(1, limit), 4)}


class Hog:
    """Holds blocks of memory, every page of them touched."""

    def __init__(self) -> None:
        self.blocks: list[mmap.mmap] = []

    @property
    def held(self) -> int:
        """Return the bytes held."""
        return len(self.blocks) * BLOCK

    def adjust(self, excess: int) -> None:
        """Take up to a few blocks, or give back what is too much."""
        if excess <= -BLOCK:
            for _ in range(min(_BLOCKS_AT_ONCE, -excess // BLOCK)):
                self.take()
        while excess > 0 and self.blocks:
            self.blocks.pop().close()
            excess -= BLOCK

    def take(self) -> None:
        """Take one block."""
        block = mmap.mmap(-1, BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for page in range(0, BLOCK, mmap.PAGESIZE):
            block[page] = 1
        self.blocks.append(block)


def available() -> int:
    """Return the bytes that can be had without swapping: ``MemAvailable`` of proc(5)."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


def join(pid: int) -> tuple[Hierarchy, Path]:
    """Enter the memory control group of *pid* and return it.

    Raises:
        NoCgroup: there is none.
        OSError: it cannot be entered.
    """
    hierarchy = cgroups.hierarchy_of("memory")
    folder = hierarchy.folder_of(pid)
    if hierarchy.folder_of(os.getpid()) != folder:
        cgroups.write(folder, "cgroup.procs", os.getpid())
    return hierarchy, folder


def fill(room: Room, lifeline: Lifeline) -> None:
    """Take what is to be held, and keep it so as others come and go; never returns."""
    hog = Hog()
    while True:
        excess = room.excess(hog.held)
        hog.adjust(excess)
        if excess > -BLOCK:
            report(ready=True, held=hog.held, **room.facts())
            lifeline.wait(_LOOK_S)


def kill_by_kernel(config: dict[str, Any]) -> int:
    """Fill the service's control group from a child until the service is dead."""
    who = Identity.of(int(config["pid"]))
    if who is None:
        report(error="the service has ended")
        return 1
    # The kernel takes the largest, where the service counts as larger by the limit.
    workers = Workers(_FILLERS, _grow_in(who.pid, int(config["limit"]) * 2 // _FILLERS))
    lifeline = Lifeline()
    report(ready=True, dead=False)
    while who.alive:
        lifeline.wait(0.01)
    report(ready=True, dead=True)
    workers.end()
    while True:
        lifeline.wait(60.0)


def _grow_in(pid: int, most: int) -> Callable[[Callable[[float], bool]], None]:
    def work(parted: Callable[[float], bool]) -> None:
        join(pid)
        hog = Hog()
        while not parted(_FILL_S):
            if hog.held < most:
                hog.take()

    return work


def main() -> int:
    """Hold until the lifeline ends."""
    config = configuration()
    if config["of"] == "oom":
        return kill_by_kernel(config)
    cgroups.write(Path("/proc/self"), "oom_score_adj", FIRST_TO_DIE)
    share = float(config["share"])
    if config["of"] == "host":
        room: Room = HostRoom(share, int(config["floor_bytes"]))
    else:
        try:
            hierarchy, folder = join(int(config["pid"]))
        except (NoCgroup, OSError) as error:
            report(ready=False, missing=f"its memory control group cannot be entered: {error}")
            return EXIT_MISSING
        if cgroups.memory_use(hierarchy, folder)[1] == 0:
            report(ready=False, missing="the memory of its control group is not limited")
            return EXIT_MISSING
        room = GroupRoom(hierarchy, folder, share)
    lifeline = Lifeline()
    report(ready=True, held=0, **room.facts())
    fill(room, lifeline)
    return 0


if __name__ == "__main__":
    sys.exit(main())
