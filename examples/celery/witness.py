"""Says over HTTP what the file of evidence and the broker hold; it decides nothing.

``/begun-again``, ``/finished``, ``/finished-twice`` come from the lines that the tasks wrote.
``/known`` adds what Redis still holds, in the queue or handed to a worker and not acknowledged;
``/waiting`` is only that, and ``/overdue`` only what was handed over two seconds ago or earlier.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import redis

Row = dict[str, object]
EVIDENCE = Path(os.environ["EVIDENCE"])
OVERDUE_S = 2
BROKER = redis.Redis.from_url(os.environ["BROKER_URL"], socket_timeout=2)


def _workers(what: str) -> dict[str, list[str]]:
    """Return which workers did so with each job."""
    found = defaultdict(list)
    if EVIDENCE.exists():
        for text in EVIDENCE.read_text("utf-8").splitlines():
            line = json.loads(text)
            if line["what"] == what:
                found[line["key"]].append(line["worker"])
    return found


def _waiting() -> Iterator[Row]:
    for raw in BROKER.lrange("celery", 0, -1):
        yield {"key": _key_of(json.loads(raw)), "where": "in the queue"}
    for raw in BROKER.hvals("unacked"):
        yield {"key": _key_of(json.loads(raw)[0]), "where": "handed to a worker"}


def _overdue() -> Iterator[Row]:
    now, _ = BROKER.time()
    for tag in BROKER.zrangebyscore("unacked_index", 0, now - OVERDUE_S):
        if raw := BROKER.hget("unacked", tag):
            yield {"key": _key_of(json.loads(raw)[0]), "where": "handed to a worker"}


def _key_of(message: dict[str, str]) -> str:
    arguments, *_ = json.loads(base64.b64decode(message["body"]))
    return str(arguments[0])


def _finished() -> list[Row]:
    return [{"key": key, "where": "done"} for key in _workers("finished")]


def _more_than_once(what: str) -> list[Row]:
    return [
        {"key": key, "times": len(workers), "workers": ", ".join(workers)}
        for key, workers in _workers(what).items()
        if len(workers) > 1
    ]


ANSWERS: dict[str, Callable[[], list[Row]]] = {
    "finished": _finished,
    "finished-twice": lambda: _more_than_once("finished"),
    "begun-again": lambda: _more_than_once("began"),
    "waiting": lambda: list(_waiting()),
    "overdue": lambda: list(_overdue()),
    "known": lambda: [*_waiting(), *_finished()],
}


class Witness(BaseHTTPRequestHandler):
    """Answers ``GET /NAME`` with ``{"rows": […]}``."""

    def do_GET(self) -> None:
        """Answer one question."""
        answer = ANSWERS.get(self.path.strip("/"))
        if answer is None:
            self.send_error(404)
            return
        try:
            body = json.dumps({"rows": answer()}).encode()
        except redis.RedisError as error:
            self.send_error(503, type(error).__name__)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing: it is asked several times a second."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Witness).serve_forever()
