"""A server whose parent keeps COUNT workers alive on one port; ``python prefork.py PORT COUNT``.

The parent answers nobody: it starts ``python prefork.py worker NUMBER SOCKET`` and replaces whoever
ends. Each worker answers one request at a time.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Says which worker answers."""

    worker = ""

    def do_GET(self) -> None:
        """Answer."""
        told = f"worker {self.worker}, pid {os.getpid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *told: object) -> None:
        """Keep quiet."""


def work(number: str, listener: int) -> None:
    """Take connections from the socket that all workers share."""
    Handler.worker = number
    server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=listener)
    server.serve_forever()


def keep(port: int, count: int) -> None:
    """Start the workers, and start each anew when it ends."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    os.set_inheritable(listener.fileno(), True)
    numbers = {start(number, listener.fileno()): number for number in range(count)}

    def end(*_: object) -> None:
        for pid in numbers:
            os.kill(pid, signal.SIGKILL)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while numbers:
        pid, _ = os.wait()
        number = numbers.pop(pid)
        numbers[start(number, listener.fileno())] = number


def start(number: int, listener: int) -> int:
    """Start one worker and return its pid."""
    command = [sys.executable, __file__, "worker", str(number), str(listener)]
    return subprocess.Popen(command, close_fds=False).pid


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        work(sys.argv[2], int(sys.argv[3]))
    else:
        keep(int(sys.argv[1]), int(sys.argv[2]))
