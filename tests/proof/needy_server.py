"""A small HTTP server that wants what faults take away: CPU time, memory, descriptors, threads.

``python needy_server.py PORT [nobody]``; with ``nobody`` root becomes another user. Each path
wants something: ``/burn`` 30 ms of CPU time, ``/grow`` a megabyte that it keeps, ``/open`` a file,
``/thread`` a thread, ``/slow`` 300 ms of waiting.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEPT: list[bytearray] = []


def burn() -> None:
    """Use 30 ms of CPU time."""
    until = time.thread_time() + 0.03
    while time.thread_time() < until:
        pass


def grow() -> None:
    """Take a megabyte, every page of it, and keep it; most of it is let go at 512."""
    KEPT.append(bytearray(b"x" * 1_000_000))
    del KEPT[512:]


def open_file() -> None:
    """Open a file and close it."""
    with open(__file__, "rb") as file:
        file.read(1)


def thread() -> None:
    """Start a thread and wait for its end."""
    one = threading.Thread(target=lambda: None)
    one.start()
    one.join()


def slow() -> None:
    """Wait."""
    threading.Event().wait(0.3)


WANTS: dict[str, Callable[[], None]] = {
    "/burn": burn, "/grow": grow, "/open": open_file, "/thread": thread, "/slow": slow,
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers 200, or 503 when what was wanted could not be had."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        try:
            WANTS.get(self.path, lambda: None)()
            status = 200
        except (OSError, MemoryError, RuntimeError):
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves on, whatever a connection costs."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args: Any) -> None:
        pass


def become_nobody() -> None:
    """Become a user who has no other processes, where that is allowed."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65531, 65531, 65531)
        os.setresuid(65531, 65531, 65531)


if __name__ == "__main__":
    if "nobody" in sys.argv:
        become_nobody()
    # Small stacks, so that a connection's thread costs little address space.
    threading.stack_size(256 * 1024)
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
