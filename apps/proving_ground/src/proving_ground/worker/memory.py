"""What a worker may take of the machine's memory, and what it has."""

from __future__ import annotations

import mmap
import resource
from pathlib import Path

_STATM = Path("/proc/self/statm")


def limit_memory(most_bytes: int) -> None:
    """Let the kernel refuse this process more address space than *most_bytes* beyond now.

    The interpreter and its libraries have reserved some already; that does not count.
    """
    reserved = _pages(0)
    resource.setrlimit(resource.RLIMIT_AS, (reserved + most_bytes, resource.RLIM_INFINITY))


def resident_bytes() -> int:
    """Return how much memory this process really has; 0 while that cannot be told."""
    try:
        return _pages(1)
    except OSError:
        return 0


def _pages(column: int) -> int:
    return int(_STATM.read_text().split()[column]) * mmap.PAGESIZE
