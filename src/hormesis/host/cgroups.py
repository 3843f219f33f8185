"""Control groups, version 1 and 2, whichever carries the controller that is asked for.

A group of ours is made beside or below the one that the target is in, so that every limit which
holds for the target already goes on holding; its name bears the run and the effect. Writes go
through ``os.write``, because a buffered file reports the kernel's refusal only at its close. See
the kernel's cgroup-v1 and cgroup-v2 documents.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PERIOD_US = 100_000
"""The period of a CPU quota, the kernel's default."""
CORE = frozenset({"freezer", "kill"})
"""What version 2 offers in every group, without a controller."""
_NO_LIMIT = 1 << 62
_OCTAL = re.compile(r"\\([0-7]{3})")


class NoCgroup(Exception):
    """This machine, or this user, cannot do that with control groups; the text says why."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where one controller is: the version of its hierarchy, its mount, and its name there."""

    controller: str
    version: int
    mount: Path

    def folder_of(self, pid: int) -> Path:
        """Return the group that *pid* is in.

        Raises:
            NoCgroup: there is no such process, or its group is hidden from us.
        """
        try:
            lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError as error:
            raise NoCgroup(f"the control group of process {pid} is hidden: {error}") from None
        for line in lines:
            _, names, path = line.split(":", 2)
            ours = names == "" if self.version == 2 else self.controller in names.split(",")
            if ours:
                return self.mount / path.lstrip("/")
        raise NoCgroup(f"process {pid} is in no control group of {self.controller}")

    def parent_for(self, pid: int) -> Path:
        """Return the group in which one of ours can be made for *pid*.

        Raises:
            NoCgroup: none on the way up is open to us.
        """
        folder = self.folder_of(pid)
        while True:
            passes = self.version == 1 or self.controller in CORE or self._passed_on(folder)
            if passes and os.access(folder, os.W_OK):
                return folder
            if folder == self.mount or self.mount not in folder.parents:
                break
            folder = folder.parent
        told = f"no control group of {self.controller} above process {pid} is open to this user"
        if self.version == 2:
            told = f"{told} and passes it on (cgroup.subtree_control)"
        raise NoCgroup(told)

    def _passed_on(self, folder: Path) -> bool:
        return self.controller in read(folder, "cgroup.subtree_control").split()


def hierarchy_of(controller: str, mounts: str | None = None) -> Hierarchy:
    """Return where *controller* (cpu, memory, pids, freezer, kill) is to be found.

    ``mounts`` is the text of ``/proc/self/mounts``; left out, it is read.

    Raises:
        NoCgroup: no mounted hierarchy has it.
    """
    text = Path("/proc/self/mounts").read_text() if mounts is None else mounts
    unified: list[Path] = []
    for line in text.splitlines():
        _, where, sort, options = line.split()[:4]
        mount = Path(_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), where))
        if sort == "cgroup2":
            unified.append(mount)
        elif sort == "cgroup" and controller in options.split(","):
            return Hierarchy(controller, 1, mount)
    for mount in unified:
        if controller in CORE or controller in read(mount, "cgroup.controllers").split():
            return Hierarchy(controller, 2, mount)
    if not unified:
        raise NoCgroup(f"no control group hierarchy with {controller} is mounted")
    raise NoCgroup(f"the cgroup2 hierarchy does not have the controller {controller}")


def missing_controller(controller: str) -> str:
    """Return why groups with *controller* cannot be made here, or an empty text; it tries."""
    try:
        hierarchy = hierarchy_of(controller)
        trial = hierarchy.parent_for(os.getpid()) / f"hormesis-trial-{os.getpid()}-{controller}"
        trial.mkdir()
    except NoCgroup as error:
        return str(error)
    except OSError as error:
        return f"a control group cannot be made: {error.strerror}"
    try:
        needed = _SWITCHES.get((controller, hierarchy.version), "cgroup.procs")
        return "" if (trial / needed).exists() else f"this kernel has no {needed}"
    finally:
        trial.rmdir()


_SWITCHES = {
    ("cpu", 1): "cpu.cfs_quota_us", ("cpu", 2): "cpu.max",
    ("memory", 1): "memory.limit_in_bytes", ("memory", 2): "memory.max",
    ("pids", 1): "pids.max", ("pids", 2): "pids.max",
    ("freezer", 1): "freezer.state", ("freezer", 2): "cgroup.freeze",
    ("kill", 2): "cgroup.kill",
}  # fmt: skip


def read(folder: Path, name: str) -> str:
    """Return a file of a group without its last line end; empty when it is not there."""
    try:
        return (folder / name).read_text().strip()
    except OSError:
        return ""


def write(folder: Path, name: str, value: str | int) -> None:
    """Write *value* into a file of a group.

    Raises:
        OSError: the kernel refuses, with its reason.
    """
    fd = os.open(folder / name, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(value).encode())
    finally:
        os.close(fd)


def members(folder: Path) -> list[int]:
    """Return the pids in a group; empty when it is gone."""
    return [int(word) for word in read(folder, "cgroup.procs").split()]


def counts(text: str) -> dict[str, int]:
    """Return the ``name number`` lines of a group's statistics."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def cpu_settings(version: int, share: float) -> Mapping[str, str]:
    """Return what to write, in order, so that a group gets *share* CPUs."""
    quota = max(1000, round(share * PERIOD_US))
    if version == 2:
        return {"cpu.max": f"{quota} {PERIOD_US}"}
    return {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota)}


def memory_settings(version: int, limit: int) -> Mapping[str, str]:
    """Return what to write, in order, so that a group gets *limit* bytes, swap included."""
    if version == 2:
        return {"memory.max": str(limit), "memory.swap.max": "0"}
    return {"memory.limit_in_bytes": str(limit), "memory.memsw.limit_in_bytes": str(limit)}


OPTIONAL = frozenset({"memory.swap.max", "memory.memsw.limit_in_bytes"})
"""Settings that a kernel without swap accounting does not have."""


def memory_use(hierarchy: Hierarchy, folder: Path) -> tuple[int, int]:
    """Return the bytes used and the limit of the nearest limited group from *folder* upwards.

    The limit is 0 where there is none.
    """
    use, limit = _MEMORY[hierarchy.version]
    while True:
        text = read(folder, limit)
        if text.isdigit() and int(text) < _NO_LIMIT:
            return int(read(folder, use) or 0), int(text)
        if folder == hierarchy.mount or hierarchy.mount not in folder.parents:
            return 0, 0
        folder = folder.parent


_MEMORY = {
    1: ("memory.usage_in_bytes", "memory.limit_in_bytes"),
    2: ("memory.current", "memory.max"),
}


def reading(controller: str, version: int, folder: Path) -> dict[str, int | str | bool]:
    """Return the numbers that tell whether a group's restriction bites; empty when it is gone."""
    if not folder.is_dir():
        return {}
    if controller == "cpu":
        return _cpu_reading(version, folder)
    if controller == "memory":
        return _memory_reading(version, folder)
    if controller == "pids":
        refused = counts(read(folder, "pids.events")).get("max", 0)
        return {
            "tasks": int(read(folder, "pids.current") or 0),
            "tasks_max": read(folder, "pids.max"), "refused": refused,
        }  # fmt: skip
    if controller == "freezer":
        return {"frozen": is_frozen(version, folder)}
    return {"populated": counts(read(folder, "cgroup.events")).get("populated", 0)}


def is_frozen(version: int, folder: Path) -> bool:
    """Return whether everything in a group is frozen by now."""
    if version == 1:
        return read(folder, "freezer.state") == "FROZEN"
    return counts(read(folder, "cgroup.events")).get("frozen") == 1


def _cpu_reading(version: int, folder: Path) -> dict[str, int | str | bool]:
    stat = counts(read(folder, "cpu.stat"))
    throttled = stat.get("throttled_usec", stat.get("throttled_time", 0) // 1000)
    usage = stat.get("usage_usec", 0) * 1000 or int(read(folder, "cpuacct.usage") or 0)
    found = {"nr_throttled": stat.get("nr_throttled", 0), "throttled_ms": throttled // 1000}
    return {**found, "cpu_ns": usage} if usage else {**found}


def _memory_reading(version: int, folder: Path) -> dict[str, int | str | bool]:
    use, limit = _MEMORY[version]
    killed = counts(read(folder, "memory.events" if version == 2 else "memory.oom_control"))
    hit = killed.get("max", 0) if version == 2 else int(read(folder, "memory.failcnt") or 0)
    peak = read(folder, "memory.peak" if version == 2 else "memory.max_usage_in_bytes")
    used, most = read(folder, use), read(folder, limit)
    return {
        "used": int(used or 0), "peak": int(peak or used or 0),
        "limit": int(most) if most.isdigit() else 0,
        "limit_hits": hit, "oom_kills": killed.get("oom_kill", 0),
    }  # fmt: skip
