"""Connection: a client's socket and its upstream socket, with a pipe in each direction.

    client side ══ up pipe ══▶ upstream side
                ◀══ down pipe ══

A pipe without toxics writes through at once. With toxics it asks its chain what may pass and wakes
when the chain says so. A pipe that holds too much, or whose receiver does not keep up, stops its
sender from being read: memory stays bounded, and the sender feels it as it would without a proxy.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from typing import Protocol

from hormesis.proxy.address import text_of
from hormesis.proxy.chain import Chain, Ending, Passed, Stage
from hormesis.proxy.dial import Dial
from hormesis.proxy.side import Side
from hormesis.proxy.wire_loop import poller_of

HELD_MAX = 1 << 20
"""Bytes one pipe may hold before its sender is no longer read."""


class Owner(Protocol):
    """What a connection tells its link."""

    refused: int
    resets: int
    refusal_resets: bool
    """Whether clients see a reset, not an end of stream, when the upstream cannot be reached."""

    def gone(self, connection: Connection) -> None:
        """Take note that *connection* is over."""
        ...


class Pipe:
    """One direction: from the *source* side to the *sink* side."""

    def __init__(self, source: Side, sink: Side, loop: asyncio.AbstractEventLoop) -> None:
        self.sink = sink
        self.chain: Chain | None = None
        """The toxics; None while there are none and bytes pass untouched."""
        self.passed = 0
        """Bytes passed on so far."""
        self.unpassed = 0
        """Bytes that toxics took and have not passed on."""
        self._source = source
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self.ended = False
        """True when the end of stream was passed on."""
        source.feeds = self
        sink.fed_by = self

    def received(self, data: bytes) -> None:
        """Take *data* from the source."""
        if self.chain is None:
            self.passed += len(data)
            self.sink.send(data)
        else:
            self.unpassed += len(data)
            self._obey(self.chain.received(data, self._loop.time()))

    def finished(self) -> None:
        """Take the source's end of stream."""
        if self.chain is None:
            self._obey([Ending.FINISH])
        else:
            self._obey(self.chain.finished(self._loop.time()))

    def add(self, stage: Stage) -> None:
        """Let everything from now on go through *stage* too."""
        self.chain = self.chain or Chain()
        self._obey(self.chain.add(stage, self._loop.time()))

    def carries(self, name: str) -> bool:
        """Return whether the stage *name* is on this direction."""
        return self.chain is not None and any(one.name == name for one in self.chain.stages)

    def exchange(self, name: str, stage: Stage | None, earlier: Collection[str]) -> None:
        """Put *stage* where the stage *name* is, or behind those of the names *earlier*."""
        chain = self.chain = self.chain or Chain()
        self._obey(chain.exchange(name, stage, earlier, self._loop.time()))
        if not chain.stages:
            self.chain = None

    def remove(self, name: str) -> None:
        """Take the stage *name* away; what it kept passes on now."""
        chain = self.chain
        if chain is None:
            return
        self._obey(chain.remove(name, self._loop.time()))
        if not chain.stages:
            self.chain = None

    def check_flow(self) -> None:
        """Read from the source exactly while there is room for more."""
        held = self.chain.held if self.chain is not None else 0
        self._source.read(not self.sink.write_blocked and held + self.sink.unsent() < HELD_MAX)

    def abandon(self) -> None:
        """Drop everything held and wake no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.chain is not None:
            self.chain.abandon(self._loop.time())

    def _obey(self, passed: list[Passed]) -> None:
        for one in passed:
            if isinstance(one, bytes):
                self.passed += len(one)
                self.unpassed -= len(one)
                self.sink.send(one)
            elif one is Ending.FINISH:
                self.ended = True
                self._source.connection.half_ended(self)
            elif one is Ending.CLOSE:
                self._source.connection.close()
                return
            else:
                self._source.connection.end(reset=True)
                return
        self._set_timer()
        self.check_flow()

    def _set_timer(self) -> None:
        due = self.chain.next_at() if self.chain is not None else None
        if self._timer is not None:
            if due is not None and self._timer.when() <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self.chain is not None:
            self._obey(self.chain.advance(self._loop.time()))


class Connection:
    """A client and its upstream. *number* counts the link's connections from 1."""

    def __init__(self, owner: Owner, number: int, upstream: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        poller = poller_of(loop)
        self.number = number
        self.over = False
        self._was_reset = False
        self._owner = owner
        self.client = Side(self, poller)
        self.server = Side(self, poller)
        self.up = Pipe(self.client, self.server, loop)
        self.down = Pipe(self.server, self.client, loop)
        self._dial = Dial(upstream, poller, self._made, self._refused)

    @property
    def peer(self) -> str:
        """Return the client's ``host:port``; empty when it has gone."""
        if self.client.socket is None:
            return ""
        try:
            return text_of(*self.client.socket.getpeername()[:2])
        except OSError:
            return ""

    def start(self, accepted: socket.socket) -> None:
        """Serve the client on the non-blocking socket *accepted* and dial upstream."""
        if self.over:
            # A toxic has ended it before it began; the client learns of that by the socket's end.
            self.client.socket = accepted
            self.client.drop(reset=self._was_reset)
            return
        # A wire holds nothing back: half of all answers came 40 ms late without this.
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.begin(accepted)
        if not self.over:
            self._dial.start()

    def _made(self, connected: socket.socket) -> None:
        self.server.begin(connected)
        self.up.check_flow()

    def _refused(self) -> None:
        self._owner.refused += 1
        self.end(reset=self._owner.refusal_resets)

    def half_ended(self, pipe: Pipe) -> None:
        """Pass the end of stream of *pipe* on; close both sockets once both directions ended."""
        if self.up.ended and self.down.ended:
            self._finish()
            self.client.close()
            self.server.close()
        else:
            pipe.sink.send_end()

    def lost(self, *, reset: bool) -> None:
        """React to the loss of one socket: drop the other one the same way."""
        if not self.over:
            self._finish()
            self._drop(reset=reset)

    def close(self) -> None:
        """Close both sockets, each once what was passed on has left."""
        if not self.over:
            self._finish()
            self.client.close()
            self.server.close()

    def end(self, *, reset: bool) -> None:
        """Close both sockets at once: with a reset, or as if both ends had closed."""
        if self.over:
            return
        self._finish()
        if reset:
            self._owner.resets += 1
        self._drop(reset=reset)

    def _drop(self, *, reset: bool) -> None:
        self._was_reset = reset
        for side in (self.client, self.server):
            side.drop(reset=reset)

    def _finish(self) -> None:
        self.over = True
        self.up.abandon()
        self.down.abandon()
        self._dial.cancel()
        self._owner.gone(self)
