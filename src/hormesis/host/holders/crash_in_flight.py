"""Kill a service at a moment when it owes somebody an answer.

The kernel counts for each connection the bytes received and sent. A request is in flight on one of
the service's connections when bytes came in and nothing has gone out since. To be sure, the service
is stopped first and looked at once more: only if the answer is still owed, it is killed, with
its whole tree in one sweep; else it goes on. A holder that is killed in between may leave it
stopped: the effect that continues it must be older than this one.

Configuration: ``pid``, ``pids`` (the whole tree) and ``age_s``, how long the request must have been
in flight. Reports ``looks``, ``connections``, and, once it is done, ``killed``, ``in_flight``,
``bytes`` (received and not answered) and ``age_ms`` of the oldest.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report
from hormesis.host.listeners import listening_ports
from hormesis.host.process import Identity, open_pidfd
from hormesis.host.tcp_diag import Connection, connections_on
from hormesis.host.tree import tree

_LOOK_S = 0.001
_TREE_S = 0.5
_REPORT_S = 0.2
_STOP_S = 0.2


@dataclass(slots=True)
class Debt:
    """What is known of one connection: bytes received when it last sent, and since when it owes."""

    answered: int
    sent: int
    received: int
    since: float


@dataclass
class Debts:
    """Which connections owe an answer; moments are seconds of CLOCK_MONOTONIC."""

    _by_key: dict[tuple[bytes, int], Debt] = field(default_factory=dict)

    def look(self, found: list[Connection], now: float) -> None:
        """Take in one look at all connections."""
        known, self._by_key = self._by_key, {}
        for one in found:
            debt = known.get(one.key) or self._first(one, now)
            if one.sent != debt.sent:
                debt.answered, debt.sent = one.received, one.sent
            elif one.received != debt.received and debt.received == debt.answered:
                debt.since = now
            debt.received = one.received
            self._by_key[one.key] = debt

    def owed(self, now: float, age_s: float = 0.0) -> list[tuple[int, float]]:
        """Return bytes and age in seconds of each request in flight for at least *age_s*."""
        return [
            (debt.received - debt.answered, now - debt.since)
            for debt in self._by_key.values()
            if debt.received > debt.answered and now - debt.since >= age_s
        ]

    @staticmethod
    def _first(one: Connection, now: float) -> Debt:
        """Judge a connection that was there before us by the times the kernel remembers."""
        owes = one.received > 0 and one.last_received_ms < one.last_sent_ms
        owes = owes or (one.received > 0 and one.sent == 0)
        answered = 0 if owes else one.received
        return Debt(answered, one.sent, one.received, now - one.last_received_ms / 1000)


class Assassin:
    """Watches a service, and strikes when it owes an answer."""

    def __init__(self, root: Identity, lifeline: Lifeline, age_s: float) -> None:
        self.root, self.age_s = root, age_s
        self.debts = Debts()
        self.members: list[Identity] = []
        self.ports: list[int] = []
        self.looks = self.connections = 0
        self._lifeline = lifeline

    def find(self) -> None:
        """Look again who belongs to the service and where it listens."""
        self.members = tree(self.root)
        self.ports = listening_ports(who.pid for who in self.members)

    def look(self) -> list[tuple[int, float]]:
        """Return the requests in flight now."""
        found, now = connections_on(self.ports), time.monotonic()
        self.looks += 1
        self.connections = len(found)
        self.debts.look(found, now)
        return self.debts.owed(now, self.age_s)

    def strike(self) -> dict[str, Any]:
        """Stop the service, look once more, and kill it or let it go on."""
        with ExitStack() as stack:
            pidfds = []
            for who in self.members:
                pidfd = open_pidfd(who)
                if pidfd is not None:
                    stack.callback(os.close, pidfd)
                    pidfds.append(pidfd)
            _sweep(pidfds, signal.SIGSTOP)
            until = time.monotonic() + _STOP_S
            while not all(_held(who) for who in self.members) and time.monotonic() < until:
                self._lifeline.wait(_LOOK_S / 5)
            owed = self.look() if all(_held(who) for who in self.members) else []
            if not owed:
                _sweep(pidfds, signal.SIGCONT)
                return {}
            _sweep(pidfds, signal.SIGKILL)
            return {
                "killed": len(pidfds), "in_flight": len(owed),
                "bytes": sum(size for size, _ in owed),
                "age_ms": round(max(age for _, age in owed) * 1000, 3),
            }  # fmt: skip


def _held(who: Identity) -> bool:
    stat = who.stat()
    return stat is None or stat.stopped


def _sweep(pidfds: list[int], number: int) -> None:
    for pidfd in pidfds:
        try:
            signal.pidfd_send_signal(pidfd, number)
        except ProcessLookupError:
            continue


def main() -> int:
    """Watch until the service is killed, then wait for the lifeline's end."""
    config = configuration()
    root = Identity.of(int(config["pid"]))
    if root is None:
        report(error="the service has ended")
        return 1
    lifeline = Lifeline()
    assassin = Assassin(root, lifeline, float(config.get("age_s") or 0))
    try:
        assassin.find()
        assassin.look()
    except OSError as error:
        report(ready=False, missing=f"connections cannot be watched: {error}")
        return EXIT_MISSING
    if not assassin.ports:
        report(error="the service listens on no TCP port that can be seen")
        return 1
    report(ready=True, looks=0, connections=assassin.connections)
    told = found = time.monotonic()
    done: dict[str, Any] = {}
    while not done and root.alive:
        if assassin.look():
            done = assassin.strike()
        now = time.monotonic()
        if now - found >= _TREE_S:
            assassin.find()
            found = now
        if now - told >= _REPORT_S:
            report(ready=True, looks=assassin.looks, connections=assassin.connections)
            told = now
        lifeline.wait(_LOOK_S)
    facts = done or {"error": "the service ended by itself"}
    report(ready=True, looks=assassin.looks, connections=assassin.connections, **facts)
    while True:
        lifeline.wait(60.0)


if __name__ == "__main__":
    sys.exit(main())
