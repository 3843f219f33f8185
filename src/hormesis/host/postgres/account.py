"""PostgreSQL refuses to run as root: which existing account root becomes instead."""

from __future__ import annotations

import ctypes
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from hormesis.words.trouble import CapabilityTrouble

_NAMES = ("postgres", "nobody")
_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine without privileges."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account to become, or None when this process is not root anyway.

    Raises:
        CapabilityTrouble: root has none to become; none is ever created.
    """
    if os.geteuid() != 0:
        return None
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise CapabilityTrouble(
        "PostgreSQL cannot run as root, and this machine has no account postgres or nobody",
        hint="run the tests as another user, or name a running server with --chaos-database",
    )


def become(account: Account) -> None:
    """Give root up for good, in this process.

    The kernel forgets at a change of user that the parent's death was to kill this process; it is
    told again, see prctl(2).
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(number), 0, 0, 0)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if number.value:
        libc.prctl(_PR_SET_PDEATHSIG, number.value, 0, 0, 0)


def may_use(account: Account | None, path: Path, mode: int) -> bool:
    """Return whether *account* can use *path* with *mode* (``os.R_OK`` and so on); None is us.

    A child that has become the account asks: modes alone say nothing about access lists, mounts
    and user namespaces. To be used in small processes only, for it forks.
    """
    if account is None:
        return os.access(path, mode)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            become(account)
            status = 0 if os.access(path, mode) else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
