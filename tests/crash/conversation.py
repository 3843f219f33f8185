"""A test that plays the engine itself: a custodian of its own and a blocking conversation."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from hormesis.custodian.launch import Custody, start_custodian
from hormesis.host.verbs import verb_names
from hormesis.words.permit import Permit

_PATIENCE_S = 15.0


@dataclass
class Conversation:
    """Requests in, replies out, events kept aside in the order they came."""

    custody: Custody
    folder: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False
    _last: int = 0
    _rest: bytes = b""
    _replies: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        """The ledger of this run."""
        return self.folder / "ledger.jsonl"

    def send(self, op: str, **rest: Any) -> int:
        """Send a request and return its id."""
        self._last += 1
        message = json.dumps({"id": self._last, "op": op, **rest}).encode() + b"\n"
        self.custody.link.sendall(message)
        return self._last

    def reply(self, number: int) -> dict[str, Any]:
        """Return the reply to a request."""
        until = time.monotonic() + _PATIENCE_S
        while number not in self._replies:
            self._read(until)
        return self._replies.pop(number)

    def ask(self, op: str, **rest: Any) -> dict[str, Any]:
        """Send a request and return its reply."""
        return self.reply(self.send(op, **rest))

    def do(self, effect: str, verb: str, *, hold_s: float | None = None, **args: Any) -> (
        dict[str, Any]
    ):  # fmt: skip
        """Do an effect that must succeed, and return its result."""
        reply = self.ask("do", effect=effect, verb=verb, args=args, hold_s=hold_s)
        assert reply["ok"], reply
        result: dict[str, Any] = reply["result"]
        return result

    def event(self, kind: str, **having: Any) -> dict[str, Any]:
        """Return the first event of *kind* with these entries, waiting for it to come."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            for event in self.events:
                if event["event"] == kind and having.items() <= event.items():
                    self.events.remove(event)
                    return event
            self._read(until)

    def close(self) -> list[str]:
        """Close the run and return what is left dirty."""
        self.closed = True
        dirty: list[str] = self.ask("close")["result"]["dirty"]
        return dirty

    def state(self, service: str) -> dict[str, Any]:
        """Return what the custodian says about a service."""
        result: dict[str, Any] = self.ask("service", name=service)["result"]
        return result

    def _read(self, until: float) -> None:
        left = until - time.monotonic()
        ready = select.select([self.custody.link], [], [], max(0.0, left))[0]
        assert ready, f"nothing came; events so far: {self.events}"
        data = self.custody.link.recv(1 << 16)
        assert data, f"the custodian hung up; {self.custody.log.read_text()}"
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "event" in message:
                self.events.append(message)
            else:
                self._replies[message["id"]] = message


@contextmanager
def conversation(
    folder: Path, *, lease_s: float = 30.0, permit: Permit | None = None
) -> Iterator[Conversation]:
    """Start a custodian for this process; it is closed, and must have been clean, at the end."""
    allowed = permit or Permit(
        tuple(product(verb_names(), ("server", "other", "stage", "link")))
    )
    custody = start_custodian(
        ledger=folder / "ledger.jsonl", run_id=f"run-{folder.name}", permit=allowed,
        lease_s=lease_s, state=folder / "state",
    )  # fmt: skip
    talk = Conversation(custody, folder)
    try:
        yield talk
        if not talk.closed:
            assert talk.close() == []
            assert custody.wait(10) == 0
    finally:
        custody.release()
        if custody.process.poll() is None:
            custody.wait(15)
