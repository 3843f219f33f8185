"""A data directory whose server was killed: when the next one can start in it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

_LOOK_S = 0.02


def await_orphans(data: Path, *, patience_s: float) -> bool:
    """Wait until nothing of a killed server is left in *data*; return whether that came about.

    Its children notice the postmaster's death when they next wait for something. Until the last
    has gone they share memory, and a new postmaster refuses to start. The kernel's count of that
    memory's users is what PostgreSQL itself asks; its id stands in ``postmaster.pid``.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        postmaster = int(lines[0])
    except (OSError, ValueError, IndexError):
        return True
    if _is_postgres(postmaster):
        # It lives: the new one will say so better than we could.
        return False
    memory = lines[6].split()[-1] if len(lines) > 6 and lines[6].strip() else ""
    until, pause = time.monotonic() + patience_s, threading.Event()
    while memory and _users_of(memory):
        if time.monotonic() >= until:
            return False
        pause.wait(_LOOK_S)
    # Its number may be another process's by now, which the new postmaster would not notice.
    with contextlib.suppress(FileNotFoundError):
        (data / "postmaster.pid").unlink()
    return True


def _users_of(memory: str) -> int:
    """Return how many processes are attached to the segment of System V memory *memory*."""
    try:
        table = Path("/proc/sysvipc/shm").read_text().splitlines()
    except OSError:
        return 0
    names = table[0].split()
    for row in table[1:]:
        fields = dict(zip(names, row.split(), strict=False))
        if fields.get("shmid") == memory:
            return int(fields.get("nattch", 0))
    return 0


def _is_postgres(pid: int) -> bool:
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("postgres")
    except PermissionError:
        return True
    except OSError:
        return False
