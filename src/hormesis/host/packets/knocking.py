"""Knocking: connect to an address again and again, and tell how it went.

It proves a fault from the outside: it takes the way that a client's connection takes.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from hormesis.host.connect_result import failed_how

TIMEOUT_S = 1.0
LEAVING_S = 0.1
"""How long the other end may take to learn that a knock is over."""
_LOOK_S = 0.001
_FIN_WAIT1 = 4
"""The state of a connection whose end the other side has not acknowledged (tcp_states.h)."""


@dataclass(frozen=True, slots=True)
class Knock:
    """How one connect went: ok, refused, reset, timeout or unreachable, and how long it took."""

    result: str
    ms: float


def knock(host: str, port: int, timeout_s: float = TIMEOUT_S) -> Knock:
    """Connect once, and leave at once."""
    began = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as line:
            took_s = time.monotonic() - began
            _leave(line)
            return Knock("ok", 1000 * took_s)
    except OSError as error:
        result = failed_how(error)
    return Knock(result, 1000 * (time.monotonic() - began))


def _leave(line: socket.socket) -> None:
    """End the connection so that its other end is no live connection of the target any more.

    Else a fault on live connections could take our own knock for one, on a busy machine.
    """
    until, never = time.monotonic() + LEAVING_S, threading.Event()
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        while time.monotonic() < until:
            if line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _FIN_WAIT1:
                return
            never.wait(_LOOK_S)


def usual(host: str, port: int, times: int = 3) -> Knock:
    """Knock some times and return the median one."""
    seen = sorted((knock(host, port) for _ in range(times)), key=lambda one: one.ms)
    return seen[len(seen) // 2]


class Knocker:
    """Knocks every ``every_s`` seconds in a thread of its own; ``last`` is how it went."""

    def __init__(self, host: str, port: int, every_s: float) -> None:
        self._address = (host, port)
        self._every_s = every_s
        self._never = threading.Event()
        self.last: Knock | None = None
        threading.Thread(target=self._run, name="knocker", daemon=True).start()

    def _run(self) -> None:
        while not self._never.wait(self._every_s):
            self.last = knock(*self._address)
