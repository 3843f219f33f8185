"""PostgreSQL refuses to run as root: find an existing account to be instead, and become it."""

from __future__ import annotations

import ctypes
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from proving_ground.usage import MissingPart

_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2


@dataclass(frozen=True, slots=True)
class Account:
    """An existing unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return the account to become, or None when this process is not root anyway.

    Raises ``MissingPart`` when root has neither ``postgres`` nor ``nobody`` to become; accounts
    are never created.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise MissingPart("PostgreSQL cannot run as root, and no account postgres or nobody exists")


def become(account: Account) -> None:
    """Give up root for good, in this process.

    A change of user makes the kernel forget the parent-death signal that a supervisor may have
    set; it is set again, or a killed supervisor would leave the server running.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    death_signal = ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(death_signal), 0, 0, 0)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if death_signal.value:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal.value, 0, 0, 0)


def can_access(account: Account | None, path: Path, mode: int) -> bool:
    """Return whether the account can use ``path`` with ``mode`` (``os.R_OK`` and so on).

    Asked in a child that has become the account: permission bits alone do not tell the whole
    truth (access lists, user namespaces, mounts).
    """
    if account is None:
        return os.access(path, mode)
    child = os.fork()
    if child == 0:
        verdict = 1
        try:
            become(account)
            verdict = 0 if os.access(path, mode) else 1
        finally:
            os._exit(verdict)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
