"""Looks at every member all the time, and says over HTTP what it saw; it decides nothing.

``/leader``: the member that claims to be the leader in the highest term, or null.
``/healthy``: how many members answer and know a leader.
``/elected``: who became the leader in which term, as the logs of the members say.
``/two-leaders``: terms in which more than one member became the leader. What a
member answers about itself is no proof of that: leader and term in it may be of different moments.
``/keys``: what the cluster holds, by a linearizable read from any member.
``/alarms``: the alarms that are raised.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gateway import Member, NotDone, Unknown, decoded, encoded

EVERY_S = 0.1
MEMBERS = sys.argv[2].split(",")
LOGS = Path(sys.argv[3])
BECAME_LEADER = re.compile(r"became leader at term (\d+)")


class Looking:
    """What the members say about leaders; one thread for each."""

    def __init__(self) -> None:
        self.now: dict[int, int] = {}
        self.well: set[int] = set()
        self._lock = threading.Lock()

    def watch(self, number: int) -> None:
        """Ask one member for ever."""
        member, pause = Member(MEMBERS[number - 1], 0.5), threading.Event()
        while not pause.wait(EVERY_S):
            try:
                state = member.call("maintenance/status")
            except (NotDone, Unknown):
                state = {}
            self._note(number, state)

    def leader(self) -> int | None:
        """Return who claims to lead in the highest term."""
        with self._lock:
            return max(self.now, key=lambda number: self.now[number], default=None)

    def healthy(self) -> int:
        """Return how many answer and know a leader."""
        with self._lock:
            return len(self.well)

    def _note(self, number: int, state: dict[str, Any]) -> None:
        leads = bool(state) and state.get("leader") == state["header"]["member_id"]
        with self._lock:
            self.now.pop(number, None)
            (self.well.add if state.get("leader", "0") != "0" else self.well.discard)(number)
            if leads:
                self.now[number] = int(state["raftTerm"])


LOOKING = Looking()


def _from_any(path: str, **question: Any) -> dict[str, Any]:
    for address in MEMBERS:
        try:
            return Member(address, 5).call(path, **question)
        except (NotDone, Unknown):
            continue
    raise Unknown("no member answered")


def _leaders() -> dict[int, set[str]]:
    """Return which members became the leader, by term."""
    leaders: dict[int, set[str]] = defaultdict(set)
    for log in sorted(LOGS.glob("member-*.log")):
        for term in BECAME_LEADER.findall(log.read_text("utf-8", errors="replace")):
            leaders[int(term)].add(log.stem)
    return leaders


def _rows(at_least: int) -> list[dict[str, object]]:
    return [
        {"term": term, "members": ", ".join(sorted(members))}
        for term, members in sorted(_leaders().items())
        if len(members) >= at_least
    ]


def _keys() -> list[dict[str, str]]:
    end = encoded("keys0")
    answer = _from_any("kv/range", key=encoded("keys/"), range_end=end, keys_only=True)
    return [{"key": decoded(one["key"]).removeprefix("keys/")} for one in answer.get("kvs", [])]


def _alarms() -> list[dict[str, str]]:
    answer = _from_any("maintenance/alarm", action="GET")
    return [{"alarm": one["alarm"], "member": one["memberID"]} for one in answer.get("alarms", [])]


ANSWERS: dict[str, Any] = {
    "leader": LOOKING.leader,
    "healthy": LOOKING.healthy,
    "elected": lambda: _rows(1),
    "two-leaders": lambda: _rows(2),
    "keys": _keys,
    "alarms": _alarms,
}


class Witness(BaseHTTPRequestHandler):
    """Answers ``GET /NAME`` with ``{"told": …}``."""

    def do_GET(self) -> None:
        """Answer one question."""
        answer = ANSWERS.get(self.path.strip("/"))
        if answer is None:
            self.send_error(404)
            return
        try:
            body = json.dumps({"told": answer()}).encode()
        except (NotDone, Unknown) as why:
            self.send_error(503, str(why))
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing: it is asked several times a second."""


def main() -> None:
    """Look, and answer."""
    for number in range(1, len(MEMBERS) + 1):
        threading.Thread(target=LOOKING.watch, args=(number,), daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Witness).serve_forever()


if __name__ == "__main__":
    main()
