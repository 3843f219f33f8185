"""A guest book that locks its file before each entry: what the fault of this folder breaks."""

from __future__ import annotations

import fcntl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class GuestBook(BaseHTTPRequestHandler):
    """Every GET is an entry."""

    file = Path(sys.argv[2]) / "book.txt"

    def do_GET(self) -> None:
        with self.file.open("a") as book:
            fcntl.flock(book, fcntl.LOCK_EX)
            book.write(f"{self.path}\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Say nothing."""


Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), GuestBook).serve_forever()
