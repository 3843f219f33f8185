"""How near a program is to the end of its file descriptors."""

from __future__ import annotations

import contextlib
import os
import resource


def raise_limit() -> None:
    """Lift the soft limit of descriptors to the hard one, as servers do at their start."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def short_of_descriptors(reserve: int) -> bool:
    """Return whether fewer than about *reserve* more descriptors can be opened.

    The limit is on the number of the next descriptor, which is the lowest free one; so one look
    is enough, however many are open.
    """
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        lowest = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    os.close(lowest)
    return soft != resource.RLIM_INFINITY and lowest + reserve > soft


def open_descriptors() -> int:
    """Return how many descriptors this program has open."""
    try:
        return len(os.listdir("/proc/self/fd")) - 1
    except OSError:
        return -1
