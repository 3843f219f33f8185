"""Which process listens on which TCP port of this machine, read from ``/proc`` (see proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from hormesis.host.process import stat_of

_LISTEN = "0A"


def listener_of(port: int) -> int | None:
    """Return the pid that listens on *port*; of several that share it, the eldest ancestor.

    None when nobody listens, or when the process belongs to a user whose descriptors are hidden.
    """
    sockets = {inode for inode, at in _listening() if at == port}
    holders = [pid for pid in _pids() if sockets and not sockets.isdisjoint(_sockets_of(pid))]
    for pid in holders:
        stat = stat_of(pid)
        if stat is not None and stat.parent not in holders:
            return pid
    return None


def listening_ports(pids: Iterable[int]) -> list[int]:
    """Return the TCP ports of this network namespace on which any of *pids* listens."""
    held = {inode for pid in pids for inode in _sockets_of(pid)}
    return sorted({port for inode, port in _listening() if inode in held})


def _listening() -> Iterator[tuple[str, int]]:
    """Yield inode and port of each socket of this network namespace that listens."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            cells = row.split()
            if cells[3] == _LISTEN:
                yield cells[9], int(cells[1].rpartition(":")[2], 16)


def _pids() -> list[int]:
    return sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def _sockets_of(pid: int) -> Iterator[str]:
    """Yield the inodes of the sockets that *pid* holds, as far as they may be seen."""
    try:
        entries = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
            if target.startswith("socket:["):
                yield target[8:-1]
