"""A small shop to put load on: python shop_server.py PORT. See the scripts beside it."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from json import dumps, loads

ORDERS = count(1)


class Shop(BaseHTTPRequestHandler):
    """Logs in, shows items, takes orders of who is logged in."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path.startswith("/items/"):
            self.answer(200, {"id": int(self.path.rsplit("/", 1)[1]), "price": 7})
        else:
            self.answer(200, {"shop": "open"} if self.path == "/" else {"items": [1, 2, 3]})

    def do_POST(self) -> None:
        body = loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if self.path == "/login":
            self.answer(200, {"hello": body["name"]}, f"session={body['name']}; Path=/")
        elif "session=" not in self.headers.get("Cookie", ""):
            self.answer(403, {"error": "log in first"})
        else:
            self.answer(201, {"order": next(ORDERS)})

    def answer(self, status: int, data: object, cookie: str = "") -> None:
        body = dumps(data).encode()
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
