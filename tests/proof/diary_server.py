"""A small HTTP server that writes to disk and looks at the clock, for faults of both.

``python diary_server.py PORT FOLDER``. Each path does something: ``/write`` writes a line to a file
that is open all the time, and syncs it; ``/append`` does so by a plain write; ``/make`` makes a new
file of one byte and removes it; ``/time`` asks for the time. It answers 200, or 507 with the error.
"""

from __future__ import annotations

import datetime
import itertools
import os
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = b"what happened\n" * 400


class Diary:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = os.open(folder / "diary", os.O_CREAT | os.O_RDWR, 0o644)
        self._numbers = itertools.count()
        self._size = 0

    def write(self) -> str:
        """Write a page to the end and sync it."""
        self._size += os.pwrite(self._file, PAGE, self._size)
        os.fsync(self._file)
        return str(self._size)

    def append(self) -> str:
        """Write a page by a plain call."""
        return str(os.write(self._file, PAGE))

    def make(self) -> str:
        """Make a file and remove it."""
        path = self._folder / f"page-{next(self._numbers)}"
        path.write_bytes(b"1")
        path.unlink()
        return path.name

    def time(self) -> str:
        """Return the date, and how long the machine has been up."""
        now = datetime.datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), datetime.UTC)
        return f"{now.isoformat()} {time.monotonic():.0f}"


def handler(diary: Diary) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests from *diary*."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            act: Callable[[], str] = getattr(diary, self.path.strip("/"), lambda: "")
            try:
                status, text = 200, act()
            except OSError as error:
                status, text = 507, str(error)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


if __name__ == "__main__":
    served = handler(Diary(Path(sys.argv[2])))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), served).serve_forever()
