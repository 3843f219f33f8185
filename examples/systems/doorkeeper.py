"""A server with tokens that hold for a minute by its wall clock: POST /token, GET /hall?TOKEN."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIFE_S = 60


def now() -> float:
    """Return the wall clock's time, in seconds."""
    return time.clock_gettime(time.CLOCK_REALTIME)


class Doorkeeper(BaseHTTPRequestHandler):
    """A token is the moment until which it holds; a real one would be signed."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Give a token."""
        self._answer(201, {"token": f"{now() + LIFE_S:.3f}"})

    def do_GET(self) -> None:
        """Let those in whose token holds."""
        _, _, token = self.path.partition("?")
        good = now() < float(token or 0)
        self._answer(200 if good else 401, {"welcome": good})

    def log_message(self, *told: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Doorkeeper).serve_forever()
