"""Wire: one epoll set for all connections of a process, nested in its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from select import EPOLLIN, epoll
from time import monotonic_ns

from hormesis.wire.connection import Connection
from hormesis.wire.response import Response

SWEEP_S = 0.1
"""How often deadlines are looked at: one timer for all, since one per request costs more than
reading the answer does."""
EVENTS_MAX = 256
ROUNDS_MAX = 8
TURN_NS = 500_000
"""How long answers are read before the loop's other work has its turn."""


class Wire:
    """The connections of one event loop, and what wakes them.

    ``zero_ns`` is CLOCK_MONOTONIC at the start of the run.
    """

    __slots__ = (
        "_epoll", "_lines", "_timer", "create_future", "loop", "sweeping", "zero_ns",
    )  # fmt: skip

    create_future: Callable[[], asyncio.Future[Response]]

    def __init__(self, loop: asyncio.AbstractEventLoop, *, zero_ns: int) -> None:
        self.loop = loop
        self.zero_ns = zero_ns
        self.sweeping = False
        self.create_future = loop.create_future
        self._timer: asyncio.TimerHandle | None = None
        self._lines: dict[int, Connection] = {}
        self._epoll = epoll()
        loop.add_reader(self._epoll.fileno(), self._process)

    def connection(self) -> Connection:
        """Return a connection that is still to be opened."""
        self.check_open()
        return Connection(self)

    def now_ns(self) -> int:
        """Return nanoseconds of the run."""
        return monotonic_ns() - self.zero_ns

    def close(self) -> None:
        """Close every connection; requests under way end as disconnected."""
        if self._epoll.closed:
            return
        for connection in list(self._lines.values()):
            connection.close()
        if self._timer is not None:
            self._timer.cancel()
        if not self.loop.is_closed():
            self.loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    # For connections.

    def check_open(self) -> None:
        """Raise RuntimeError when the wire was closed."""
        if self._epoll.closed:
            raise RuntimeError("the wire was closed")

    def watch(self, fd: int, connection: Connection, events: int) -> None:
        """Tell *connection* of the *events* of its *fd*."""
        self._epoll.register(fd, events)
        self._lines[fd] = connection

    def want(self, fd: int, events: int) -> None:
        """Change what is told of *fd*."""
        self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Tell nothing of *fd* any more."""
        if self._lines.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def sweep_later(self) -> None:
        """Look at the deadlines soon."""
        self.sweeping = True
        self._timer = self.loop.call_later(SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        now = self.now_ns()
        self.sweeping = False
        if sum([connection.sweep(now) for connection in list(self._lines.values())]):
            self.sweep_later()

    def _process(self) -> None:
        poll, lines, zero = self._epoll.poll, self._lines, self.zero_ns
        until = 0
        for _ in range(ROUNDS_MAX):
            events = poll(0, EVENTS_MAX)
            now = monotonic_ns() - zero
            for fd, event in events:
                line = lines.get(fd)
                if line is None:
                    continue
                if event == EPOLLIN:
                    line.readable(now)
                else:
                    line.ready(event, now)
            until = until or now + TURN_NS
            if not events or now > until:
                return
