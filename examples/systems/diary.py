"""A server that keeps lines in a file: PUT /lines/KEY, GET /lines; ``python diary.py PORT FOLDER``.

What it answered with 201 is on the disk. When the disk does not take a line it answers 507 and has
not kept it. Readers do not wait for writers.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Diary:
    """Lines in memory and in a file; a key is kept once, however often it is sent."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "diary"
        self.keys = dict.fromkeys(path.read_text().split()) if path.exists() else {}
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        self._size = os.fstat(self._file).st_size
        self._turn = threading.Lock()

    def keep(self, key: str) -> None:
        """Write a line to the end and sync it; half a line that found no room is written over."""
        line = f"{key:<4096}\n".encode()
        with self._turn:
            if key not in self.keys:
                if os.pwrite(self._file, line, self._size) < len(line):
                    raise OSError("no room for the whole line")
                os.fsync(self._file)
                self._size += len(line)
                self.keys[key] = None


class Handler(BaseHTTPRequestHandler):
    """Answers from the one diary."""

    protocol_version = "HTTP/1.1"
    diary: Diary

    def do_PUT(self) -> None:
        """Keep a line."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.diary.keep(self.path.rpartition("/")[2])
        except OSError as error:
            self._answer(507, {"error": str(error)})
        else:
            self._answer(201, {"kept": True})

    def do_GET(self) -> None:
        """Tell every line."""
        self._answer(200, {"lines": [{"line": key} for key in list(self.diary.keys)]})

    def log_message(self, *told: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Handler.diary = Diary(Path(sys.argv[2]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
