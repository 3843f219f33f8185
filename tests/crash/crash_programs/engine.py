"""An engine for the crash tests: does what a case asks, and replays when its custodian dies.

It reads the case as one JSON line from standard input, and says on standard output, one JSON line
each: where it is, and how it ended.
"""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, BinaryIO

from hormesis.custodian.launch import Custody, start_custodian
from hormesis.custodian.recover import replay
from hormesis.host.verbs import verb_names
from hormesis.words.permit import Permit


class CustodianGone(Exception):
    """The conversation ended from the other side."""


class Talk:
    """A blocking conversation with a custodian."""

    def __init__(self, custody: Custody) -> None:
        custody.link.setblocking(True)
        self._link = custody.link
        self._reader: BinaryIO = custody.link.makefile("rb")
        self._last = 0

    def ask(self, op: str, **rest: Any) -> dict[str, Any]:
        """Send one request and return its reply; events are passed over."""
        self._last += 1
        try:
            self._link.sendall(json.dumps({"id": self._last, "op": op, **rest}).encode() + b"\n")
            while line := self._reader.readline():
                reply: dict[str, Any] = json.loads(line)
                if reply.get("id") == self._last:
                    return reply
        except OSError:
            pass
        raise CustodianGone


def say(**what: Any) -> None:
    """Print one JSON line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Play one case."""
    case = json.loads(sys.stdin.readline())
    ledger = Path(case["ledger"])
    custody = start_custodian(
        ledger=ledger, run_id=case["run"], lease_s=case["lease_s"], state=Path(case["state"]),
        permit=Permit(tuple(product(verb_names(), case["subjects"]))),
    )  # fmt: skip
    say(at="started", custodian=custody.pid)
    try:
        _play(case, custody, Talk(custody))
        say(end="closed", status=custody.wait(10))
    except CustodianGone:
        status = custody.wait(10)
        replayed = replay(ledger)
        say(end="replayed", status=status, trouble=[one.trouble for one in replayed])


def _play(case: Mapping[str, Any], custody: Custody, talk: Talk) -> None:
    for service in case["adopt"]:
        _must(talk.ask("adopt", service=service))
    for number in range(case["rounds"]):
        done = [{**effect, "effect": f"{effect['effect']}.{number}"} for effect in case["effects"]]
        for effect in done:
            _heard(talk.ask("do", **effect))
        if case["rounds"] == 1:
            say(at="held")
            if custody.pidfd in select.select([0, custody.pidfd], [], [])[0]:
                raise CustodianGone
        for effect in reversed(done):
            _heard(talk.ask("undo", effect=effect["effect"]))
    say(at="closing", **_must(talk.ask("close"))["result"])


def _heard(reply: dict[str, Any]) -> None:
    if not reply["ok"]:
        say(at="refused", why=reply["why"], error=reply["error"])


def _must(reply: dict[str, Any]) -> dict[str, Any]:
    if not reply["ok"]:
        raise RuntimeError(str(reply))
    return reply


if __name__ == "__main__":
    main()
