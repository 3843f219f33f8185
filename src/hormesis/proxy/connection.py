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
import struct
from collections.abc import Callable
from typing import Protocol, cast

from hormesis.proxy.chain import Chain, Ending, Passed, Stage

HELD_MAX = 1 << 20
"""Bytes one pipe may hold before its sender is no longer read."""
WRITE_BUFFER_MAX = 256 << 10
"""Bytes one socket may have waiting to be written before its sender is no longer read."""

# Filling and emptying the buffer happen in one turn of the loop, so all sockets can share it.
_BUFFER = memoryview(bytearray(256 << 10))
_LINGER_NONE = struct.pack("ii", 1, 0)


class Owner(Protocol):
    """What a connection tells its link."""

    bytes_up: int
    bytes_down: int
    refused: int
    resets: int

    def gone(self, connection: Connection) -> None:
        """Take note that *connection* is over."""
        ...


class Side(asyncio.BufferedProtocol):
    """One socket of a connection: reads for the pipe it feeds, writes for the other one."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.feeds: Pipe
        """The pipe that takes what this side reads."""
        self.fed_by: Pipe
        """The pipe that writes to this side."""
        self.transport: asyncio.Transport | None = None
        self.ended = False
        """True when the peer has sent its end of stream."""
        self.write_blocked = False
        self._early: list[bytes | None] = []
        """What was sent here before the socket was connected; None is the end of stream."""
        self._reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start with the socket *transport*."""
        # Not every loop's transports inherit from asyncio.Transport.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(WRITE_BUFFER_MAX)
        # A wire holds nothing back. asyncio sets this by itself only for sockets whose protocol
        # number it knows, which an accepted one's is not: half of all answers came 40 ms late.
        if (peer := transport.get_extra_info("socket")) is not None:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.connection.over:
            self.drop(reset=self.connection.was_reset)
            return
        early, self._early = self._early, []
        for data in early:
            self.send(data)
        self.connection.made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read into."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on what was read."""
        self.feeds.received(bytes(_BUFFER[:nbytes]))

    def eof_received(self) -> bool:
        """Pass the end of stream on; the other direction stays open."""
        if not self.ended:
            self.ended = True
            self.feeds.finished()
        return True

    def pause_writing(self) -> None:
        """Stop the sender: this socket does not keep up."""
        self.write_blocked = True
        self.fed_by.check_flow()

    def resume_writing(self) -> None:
        """Let the sender go on."""
        self.write_blocked = False
        self.fed_by.check_flow()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tear the other side down the way this one went."""
        self.connection.lost(reset=exc is not None)

    def send(self, data: bytes | None) -> None:
        """Write *data*, or the end of stream for None; kept until the socket is connected."""
        if self.transport is None:
            self._early.append(data)
        elif self.transport.is_closing():
            return
        elif data is None:
            self.transport.write_eof()
        else:
            self.transport.write(data)

    def unsent(self) -> int:
        """Return how many bytes are kept because the socket is not connected yet."""
        return sum(len(data) for data in self._early if data) if self._early else 0

    def read(self, wanted: bool) -> None:
        """Start or stop reading."""
        if wanted == self._reading or self.transport is None or self.ended:
            return
        if not self.transport.is_closing():
            self._reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def drop(self, *, reset: bool) -> None:
        """Close the socket at once, with a TCP reset if *reset*; unwritten bytes are dropped."""
        if self.transport is None:
            return
        peer = self.transport.get_extra_info("socket")
        if reset and peer is not None and peer.fileno() != -1:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        self.transport.abort()

    def close(self) -> None:
        """Close the socket once what was written has left."""
        if self.transport is not None:
            self.transport.close()


class Pipe:
    """One direction: from the *source* side to the *sink* side."""

    def __init__(self, source: Side, sink: Side, count: Callable[[int], None]) -> None:
        self._source = source
        self._sink = sink
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._chain: Chain | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.ended = False
        """True when the end of stream was passed on."""
        source.feeds = self
        sink.fed_by = self

    def received(self, data: bytes) -> None:
        """Take *data* from the source."""
        if self._chain is None:
            self._count(len(data))
            self._sink.send(data)
            if self._sink.transport is None:
                self.check_flow()
        else:
            self._obey(self._chain.received(data, self._loop.time()))

    def finished(self) -> None:
        """Take the source's end of stream."""
        if self._chain is None:
            self._obey([Ending.FINISH])
        else:
            self._obey(self._chain.finished(self._loop.time()))

    def add(self, stage: Stage) -> None:
        """Let everything from now on go through *stage* too."""
        self._chain = self._chain or Chain()
        self._obey(self._chain.add(stage, self._loop.time()))

    def remove(self, name: str) -> None:
        """Take the stage *name* away; what it kept passes on now."""
        chain = self._chain
        if chain is None:
            return
        self._obey(chain.remove(name, self._loop.time()))
        if not chain.stages:
            self._chain = None

    def check_flow(self) -> None:
        """Read from the source exactly while there is room for more."""
        held = self._chain.held if self._chain is not None else 0
        self._source.read(not self._sink.write_blocked and held + self._sink.unsent() < HELD_MAX)

    def abandon(self) -> None:
        """Drop everything held and wake no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._chain is not None:
            self._chain.abandon(self._loop.time())

    def _obey(self, passed: list[Passed]) -> None:
        for one in passed:
            if isinstance(one, bytes):
                self._count(len(one))
                self._sink.send(one)
            elif one is Ending.FINISH:
                self.ended = True
                self._sink.send(None)
                self._source.connection.half_ended()
            else:
                self._source.connection.end(reset=one is Ending.RESET)
                return
        self._set_timer()
        self.check_flow()

    def _set_timer(self) -> None:
        due = self._chain.next_at() if self._chain is not None else None
        if self._timer is not None:
            if due is not None and self._timer.when() <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._chain is not None:
            self._obey(self._chain.advance(self._loop.time()))


class Connection:
    """A client and its upstream. *number* counts the link's connections from 1."""

    def __init__(self, owner: Owner, number: int, upstream: tuple[str, int]) -> None:
        self.number = number
        self.over = False
        self.was_reset = False
        self._owner = owner
        self._upstream = upstream
        self._dialling: asyncio.Task[None] | None = None
        self.client = Side(self)
        self.server = Side(self)
        self.up = Pipe(self.client, self.server, self._count_up)
        self.down = Pipe(self.server, self.client, self._count_down)

    def _count_up(self, size: int) -> None:
        self._owner.bytes_up += size

    def _count_down(self, size: int) -> None:
        self._owner.bytes_down += size

    def made(self, side: Side) -> None:
        """Dial upstream once the client is there."""
        if side is self.client:
            self._dialling = asyncio.get_running_loop().create_task(self._dial())
        else:
            self.up.check_flow()

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self.server, *self._upstream)
        except OSError:
            self._owner.refused += 1
            self.end(reset=True)

    def half_ended(self) -> None:
        """Close both sockets once both directions have ended."""
        if self.up.ended and self.down.ended:
            self._finish()
            self.client.close()
            self.server.close()

    def lost(self, *, reset: bool) -> None:
        """React to the loss of one socket: drop the other one the same way."""
        if not self.over:
            self._finish()
            self._drop(reset=reset)

    def end(self, *, reset: bool) -> None:
        """Close both sockets at once: with a reset, or as if both ends had closed."""
        if self.over:
            return
        self._finish()
        if reset:
            self._owner.resets += 1
        self._drop(reset=reset)

    def _drop(self, *, reset: bool) -> None:
        self.was_reset = reset
        for side in (self.client, self.server):
            side.drop(reset=reset)

    def _finish(self) -> None:
        self.over = True
        self.up.abandon()
        self.down.abandon()
        if self._dialling is not None and self.server.transport is None:
            self._dialling.cancel()
        self._owner.gone(self)
