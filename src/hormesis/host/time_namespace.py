"""Time namespaces: a monotonic clock that is ahead, for one program and its children.

See ``time_namespaces(7)``. The wall clock is not part of them.
"""

from __future__ import annotations

import os
from pathlib import Path


def entering(ahead_s: float) -> list[str]:
    """Return the words before a command that start it with its monotonic clock *ahead_s* ahead.

    The offsets are whole seconds. Without root it takes a user namespace, in which the user's id
    stays what it is.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    ahead = str(round(ahead_s))
    return ["unshare", *user, "--time", "--monotonic", ahead, "--boottime", ahead, "--"]


def ahead_of(pid: int) -> float | None:
    """Return by how many seconds the monotonic clock of *pid* is ahead; None: it is gone."""
    try:
        lines = Path(f"/proc/{pid}/timens_offsets").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, seconds, nanoseconds = line.split()
        if name == "monotonic":
            return int(seconds) + int(nanoseconds) / 1e9
    return None
