"""Resource limits of other processes: read, and lowered or put back, soft ones only.

A hard limit that was lowered cannot be raised again without privilege, so none is ever touched.
Changing the limits of another user's process takes CAP_SYS_RESOURCE, which even root may lack;
then the change goes through a small process that runs as that user. See prlimit(2).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hormesis.host.process import read_proc

RESOURCES = {
    "nofile": resource.RLIMIT_NOFILE,
    "as": resource.RLIMIT_AS,
    "nproc": resource.RLIMIT_NPROC,
}
UNLIMITED = resource.RLIM_INFINITY
_PATIENCE_S = 2.0


class CannotLimit(Exception):
    """The limit of that process cannot be changed from here, with the reason."""


def soft_limit(pid: int, name: str) -> int | None:
    """Return the soft limit *name* (nofile, as, nproc) of *pid*; -1 is none, None: unknown."""
    try:
        return resource.prlimit(pid, RESOURCES[name])[0]
    except (ProcessLookupError, PermissionError):
        return _told_soft_limit(pid, name)


def set_soft_limit(pid: int, name: str, soft: int) -> bool:
    """Set the soft limit and leave the hard one; return False when *pid* is gone.

    Raises:
        CannotLimit: it is not allowed to us, even as the user of that process.
    """
    try:
        hard = resource.prlimit(pid, RESOURCES[name])[1]
        resource.prlimit(pid, RESOURCES[name], (soft, hard))
    except ProcessLookupError:
        return False
    except PermissionError:
        return _as_its_user(pid, name, soft)
    except ValueError as error:
        raise CannotLimit(f"the soft limit of process {pid} cannot be {soft}: {error}") from None
    return True


def user_of(pid: int) -> tuple[int, int] | None:
    """Return the real user and group of *pid*, or None when it is gone."""
    ids = {
        line.split()[0]: int(line.split()[1])
        for line in read_proc(pid, "status").decode(errors="replace").splitlines()
        if line.startswith(("Uid:", "Gid:"))
    }
    return (ids["Uid:"], ids["Gid:"]) if len(ids) == 2 else None


def open_descriptors(pid: int) -> list[int] | None:
    """Return the numbers of the descriptors that *pid* has open; None when they are hidden."""
    try:
        return sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


def limit_leaving(open_numbers: Iterable[int], left: int) -> int:
    """Return the limit below which *left* numbers are free: a limit bounds numbers, not counts."""
    taken = set(open_numbers)
    number, free = 0, 0
    while number in taken or free < left:
        free += number not in taken
        number += 1
    return number


def free_below(open_numbers: Iterable[int], limit: int) -> int:
    """Return how many descriptors can still be opened under *limit*."""
    return limit - sum(1 for number in set(open_numbers) if number < limit)


def address_space(pid: int) -> int:
    """Return the bytes of address space that *pid* has mapped; 0 when it is gone."""
    pages = read_proc(pid, "statm").split()
    return int(pages[0]) * resource.getpagesize() if pages else 0


def tasks_of_user(uid: int) -> int:
    """Return how many tasks, threads counted singly, the real user *uid* has."""
    total = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (ids := user_of(int(entry))) is not None and ids[0] == uid:
            try:
                total += len(os.listdir(f"/proc/{entry}/task"))
            except OSError:
                continue
    return total


def _told_soft_limit(pid: int, name: str) -> int | None:
    title = {"nofile": "Max open files", "as": "Max address space", "nproc": "Max processes"}[name]
    for line in read_proc(pid, "limits").decode(errors="replace").splitlines():
        if line.startswith(title):
            word = line[len(title) :].split()[0]
            return UNLIMITED if word == "unlimited" else int(word)
    return None


def _as_its_user(pid: int, name: str, soft: int) -> bool:
    ids, program = user_of(pid), shutil.which("prlimit")
    if ids is None:
        return False
    if os.geteuid() != 0:
        raise CannotLimit(f"process {pid} belongs to user {ids[0]}, and this is not root")
    if program is None:
        raise CannotLimit(f"changing the limits of user {ids[0]} takes prlimit (util-linux)")
    told = "unlimited" if soft == UNLIMITED else str(soft)
    done = subprocess.run(
        [program, "--pid", str(pid), f"--{name}={told}:"], user=ids[0], group=ids[1],
        extra_groups=[], cwd="/", capture_output=True, text=True, check=False,
        timeout=_PATIENCE_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0 and Path(f"/proc/{pid}").exists():
        reason = done.stderr.strip() or f"prlimit ended with status {done.returncode}"
        raise CannotLimit(f"the limit of process {pid} cannot be changed: {reason}")
    return done.returncode == 0
