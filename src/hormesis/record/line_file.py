"""Line file: an append-only file of JSON lines that is cheap to add to and never torn by us.

Lines collect in memory and go out in one ``write``; what a full disk refuses stays in memory, in
order, for the next flush.
"""

from __future__ import annotations

import os
from pathlib import Path


class LineFile:
    """Appends lines to one file. Not safe for use by several threads."""

    def __init__(self, path: Path) -> None:
        self._pending: list[str] = []
        self._unwritten = bytearray()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.add = self._pending.append
        """Queue one line; it must end with a newline."""

    def flush(self) -> None:
        """Hand every queued line to the operating system; raises OSError when it takes no more."""
        if self._pending:
            self._unwritten += "".join(self._pending).encode()
            self._pending.clear()
        while self._unwritten:
            written = os.write(self._descriptor, self._unwritten)
            del self._unwritten[:written]

    def sync(self) -> None:
        """Flush, and wait until the disk has it."""
        self.flush()
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Flush and close; closing twice is harmless."""
        if self._descriptor < 0:
            return
        try:
            self.flush()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1
