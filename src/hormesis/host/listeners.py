"""Which process listens on a TCP port of this machine, read from ``/proc`` (see proc(5))."""

from __future__ import annotations

import os
from pathlib import Path

from hormesis.host.process import stat_of

_LISTEN = "0A"


def listener_of(port: int) -> int | None:
    """Return the pid that listens on *port*; of several that share it, the eldest ancestor.

    None when nobody listens, or when the process belongs to a user whose descriptors are hidden.
    """
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    holders = [pid for pid in _pids() if sockets and _holds(pid, sockets)]
    for pid in holders:
        stat = stat_of(pid)
        if stat is not None and stat.parent not in holders:
            return pid
    return None


def _inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            cells = row.split()
            if cells[3] == _LISTEN and int(cells[1].rpartition(":")[2], 16) == port:
                found.add(cells[9])
    return found


def _pids() -> list[int]:
    return sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        entries = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for entry in entries:
        try:
            if os.readlink(f"/proc/{pid}/fd/{entry}") in sockets:
                return True
        except OSError:
            continue
    return False
