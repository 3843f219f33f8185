"""Holds the lock of a file. Configuration: ``path``. Reports ``waiting``: who is blocked by it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hormesis.host.holders.lifeline import Lifeline, configuration, report

LOOK_S = 0.1


def main() -> None:
    """Take the lock, and tell who waits for it until the lifeline ends."""
    config = configuration()
    lifeline = Lifeline()
    with open(config["path"], "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        inode = os.fstat(file.fileno()).st_ino
        report(ready=True, waiting=waiting(inode))
        while True:
            lifeline.wait(LOOK_S)
            report(ready=True, waiting=waiting(inode))


def waiting(inode: int) -> int:
    """Count those who are blocked by a lock of *inode*; see ``/proc/locks`` in proc(5)."""
    rows = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    blocked = (row for row in rows if len(row) > 6 and row[1] == "->")
    return sum(row[6].rpartition(":")[2] == str(inode) for row in blocked)


if __name__ == "__main__":
    main()
