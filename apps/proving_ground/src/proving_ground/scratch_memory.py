"""Memory that really goes back when it is not needed any more; an allocator might keep it."""

from __future__ import annotations

import errno
import mmap


def scratch_memory(size_bytes: int) -> mmap.mmap:
    """Return so much memory; the kernel has it back when it is closed.

    Raises ``MemoryError`` when the kernel refuses it.
    """
    try:
        area = mmap.mmap(-1, size_bytes)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from None
        raise
    pages = -(-size_bytes // mmap.PAGESIZE)
    area[:: mmap.PAGESIZE] = b"\1" * pages  # Untouched, it would cost address space only.
    return area
