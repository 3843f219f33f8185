"""Append file: a file that is cheap to add to and never torn by us.

What is added collects in memory and goes out in one ``write``; what a full disk refuses stays in
memory, in order, for the next flush.
"""

from __future__ import annotations

import os
from pathlib import Path


class AppendFile:
    """Appends bytes to one file. Not safe for use by several threads."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._pending: list[bytes] = []
        self._unwritten = bytearray()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.add = self._pending.append
        """Queue some bytes."""

    def flush(self) -> None:
        """Hand all that is queued to the operating system; raises OSError when it takes no more."""
        if self._pending:
            self._unwritten += b"".join(self._pending)
            self._pending.clear()
        while self._unwritten:
            written = os.write(self._descriptor, self._unwritten)
            del self._unwritten[:written]

    def sync(self) -> None:
        """Flush, and wait until the disk has it."""
        self.flush()
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close without a flush: what is still queued is lost; closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
