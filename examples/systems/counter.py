"""A counter with few clerks: each serves one connection until it ends, or says nothing for a while.

``python counter.py PORT CLERKS IDLE``: how many, and after how many silent seconds they hang up.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import socket
from typing import Any


class Clerk(BaseHTTPRequestHandler):
    """Answers every question with 200."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Say nothing."""


class Counter(HTTPServer):
    """Queues connections until a clerk is free."""

    request_queue_size = 128

    def __init__(self, port: int, clerks: int) -> None:
        super().__init__(("127.0.0.1", port), Clerk)
        self._clerks = ThreadPoolExecutor(clerks)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Leave the connection to the next free clerk."""
        self._clerks.submit(self._serve, request, client_address)

    def _serve(self, request: socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)


if __name__ == "__main__":
    Clerk.timeout = float(sys.argv[3])
    Counter(int(sys.argv[1]), int(sys.argv[2])).serve_forever()
