"""Processes: who one is, how it fares, which others belong to it, and how to signal it safely.

A pid alone names nobody: it is reused. Everywhere a process is meant for longer than a moment it
is an :class:`Identity`, and a signal goes through a pidfd that was opened before the identity was
checked, so that it cannot reach a stranger.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hormesis.host.steps import Steps, Wait

MARK = "HORMESIS_MARK"
"""The environment variable that every process started for a run bears: ``RUN/EFFECT``."""


@cache
def boot_id() -> str:
    """Return the kernel's identifier of this boot; process identities do not outlive it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True, slots=True)
class Stat:
    """What ``/proc/PID/stat`` says; ``start`` counts clock ticks since boot (see proc(5))."""

    pid: int
    state: str
    parent: int
    session: int
    start: int

    @property
    def dead(self) -> bool:
        """Whether the process has ended; a zombie runs nothing."""
        return self.state in "ZXx"

    @property
    def stopped(self) -> bool:
        """Whether a stop signal holds the process."""
        return self.state == "T"


def read_proc(pid: int, name: str) -> bytes:
    """Return a file of ``/proc/PID``; empty when it is gone or hidden.

    A scan reads hundreds of them while holds are due, so it goes past the layers of ``open``.
    """
    try:
        fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(fd, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(fd)


def stat_of(pid: int) -> Stat | None:
    """Read the state of *pid*, or return None when there is no such process."""
    fields = read_proc(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return None
    return Stat(pid, fields[0].decode(), int(fields[1]), int(fields[3]), int(fields[19]))


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, never confused with a later one that was given the same pid."""

    pid: int
    start: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Return who *pid* is now, or None when nobody is."""
        stat = stat_of(pid)
        return None if stat is None else cls(pid, stat.start, boot_id())

    def stat(self) -> Stat | None:
        """Read the state, or return None when the process is gone; a zombie counts as gone."""
        stat = stat_of(self.pid) if self.boot == boot_id() else None
        return stat if stat is not None and stat.start == self.start and not stat.dead else None

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.stat() is not None

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return {"pid": self.pid, "start": self.start, "boot": self.boot}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Identity | None:
        """Rebuild an identity from :meth:`to_json`'s data."""
        return None if data is None else cls(data["pid"], data["start"], data["boot"])


def open_pidfd(who: Identity) -> int | None:
    """Return a pidfd that certainly means *who*, or None when it is gone; the caller closes it."""
    try:
        pidfd = os.pidfd_open(who.pid)
    except ProcessLookupError:
        return None
    if who.alive:
        return pidfd
    os.close(pidfd)
    return None


def send(who: Identity, number: int) -> bool:
    """Send signal *number* and return whether it was sent; never reaches another process.

    Raises:
        PermissionError: the process belongs to somebody else.
    """
    pidfd = open_pidfd(who)
    if pidfd is None:
        return False
    try:
        signal.pidfd_send_signal(pidfd, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)


def signal_number(name: str) -> int:
    """Return the number of a signal given as ``TERM`` or ``SIGTERM``.

    Raises:
        ValueError: there is no such signal.
    """
    full = name.upper() if name.upper().startswith("SIG") else f"SIG{name.upper()}"
    if full not in signal.Signals.__members__:
        raise ValueError(f"there is no signal {name!r}")
    return signal.Signals[full].value


def ended(them: Iterable[Identity], until: float) -> Steps[bool]:
    """Wait until all of *them* have ended or the moment *until* has come; return whether they have.

    ``until`` counts seconds of CLOCK_MONOTONIC.
    """
    for who in them:
        pidfd = open_pidfd(who)
        if pidfd is None:
            continue
        try:
            while who.alive:
                if time.monotonic() >= until:
                    return False
                yield Wait(until, (pidfd,))
        finally:
            os.close(pidfd)
    return True
