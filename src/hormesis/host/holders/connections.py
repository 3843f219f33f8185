"""Flood a server with connections that say nothing, and hold them open.

Configuration: ``address`` (``host:port``), ``count`` and ``per_s`` (how fast they are opened; 0: as
fast as it goes). Reports ``open`` (connections that stand), ``waiting`` (not answered yet),
``refused``, ``reset`` (closed by the server), ``asked`` and ``error``, the last refusal.
"""

from __future__ import annotations

import errno
import os
import resource
import selectors
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, configuration, report

_SPARE_DESCRIPTORS = 32
_REPORT_S = 0.2
_TURN_S = 0.02
_TRY_AGAIN_S = 0.2
_AT_ONCE = 200


class Flood:
    """Keeps a number of connections open to one address."""

    def __init__(self, address: str, count: int, per_s: float) -> None:
        host, _, port = address.rpartition(":")
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        self._family: socket.AddressFamily = found[0][0]
        self._where: Any = found[0][4]
        self.count, self.per_s = count, per_s
        self.refused = self.reset = 0
        self.error = ""
        self._waiting: dict[int, socket.socket] = {}
        self._open: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._next = 0.0

    def turn(self) -> None:
        """Open what is missing and may be opened now, and hear what became of the others."""
        for _ in range(self._allowance(time.monotonic())):
            self._connect()
        for key, _ in self._selector.select(_TURN_S):
            self._heard(key.fd)

    def facts(self) -> dict[str, Any]:
        """Return the numbers to report."""
        told = {"open": len(self._open), "waiting": len(self._waiting), "asked": self.count}
        counted = {**told, "refused": self.refused, "reset": self.reset}
        return {**counted, "error": self.error} if self.error else counted

    def _allowance(self, now: float) -> int:
        lacking = self.count - len(self._open) - len(self._waiting)
        if lacking <= 0 or now < self._next:
            return 0
        if not self.per_s:
            return min(lacking, _AT_ONCE)
        self._next = now + 1 / self.per_s
        return 1

    def _connect(self) -> None:
        one = socket.socket(self._family, socket.SOCK_STREAM)
        one.setblocking(False)
        code = one.connect_ex(self._where)
        if code not in (0, errno.EINPROGRESS):
            self._lost(one, code)
            return
        self._waiting[one.fileno()] = one
        self._selector.register(one, selectors.EVENT_WRITE)

    def _heard(self, fd: int) -> None:
        one = self._waiting.pop(fd, None)
        if one is not None:
            self._selector.unregister(one)
            code = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._lost(one, code)
                return
            self._open[fd] = one
            self._selector.register(one, selectors.EVENT_READ)
            return
        one = self._open[fd]
        data = b""
        with suppress(ConnectionError):
            data = one.recv(4096)
        if not data:
            del self._open[fd]
            self._selector.unregister(one)
            one.close()
            self.reset += 1
            self._next = time.monotonic() + _TRY_AGAIN_S

    def _lost(self, one: socket.socket, code: int) -> None:
        one.close()
        self.refused += code == errno.ECONNREFUSED
        self.error = os.strerror(code)
        self._next = time.monotonic() + _TRY_AGAIN_S


def most_descriptors() -> int:
    """Raise our own limit as far as it goes and return how many connections that allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - _SPARE_DESCRIPTORS


def main() -> int:
    """Flood until the lifeline ends."""
    config = configuration()
    count, most = int(config["count"]), most_descriptors()
    if count > most:
        report(ready=False, missing=f"{count} connections take more than {most} descriptors")
        return 1
    try:
        flood = Flood(config["address"], count, float(config.get("per_s") or 0))
    except OSError as error:
        report(error=f"{config['address']}: {error}")
        return 1
    Lifeline()
    report(ready=True, **flood.facts())
    told = 0.0
    pause = threading.Event()
    while True:
        flood.turn()
        now = time.monotonic()
        if now - told >= _REPORT_S:
            report(ready=True, **flood.facts())
            told = now
        pause.wait(0.001)


if __name__ == "__main__":
    sys.exit(main())
