"""Side: one socket of a connection, read for the pipe it feeds and written for the other one.

The socket is the kernel's own, without a transport in between. :meth:`Side.ready` is where every
byte passes: while no toxic is on its direction, what was read is written on in the same breath.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from hormesis.proxy.wire_loop import READ, WRITE, Poller

if TYPE_CHECKING:
    from hormesis.proxy.connection import Connection, Pipe

UNSENT_MAX = 256 << 10
"""Bytes one socket may have waiting to be written before its sender is no longer read."""
UNSENT_LOW = 64 << 10
"""Bytes at which the sender is read again."""

# Filling and emptying the buffer happen in one turn of the loop, so all sockets can share it.
_BUFFER = memoryview(bytearray(256 << 10))
_LINGER_NONE = struct.pack("ii", 1, 0)


class Side:
    """One socket of a connection."""

    __slots__ = (
        "_clear", "_closing", "_end_owed", "_mask", "_out", "_poller", "_reading", "connection",
        "ended", "fed_by", "feeds", "socket", "write_blocked",
    )  # fmt: skip

    def __init__(self, connection: Connection, poller: Poller) -> None:
        self.connection = connection
        self.feeds: Pipe
        """The pipe that takes what this side reads."""
        self.fed_by: Pipe
        """The pipe that writes to this side."""
        self.socket: socket.socket | None = None
        """Its socket, from when it is connected until it is closed."""
        self.ended = False
        """True when the peer has sent its end of stream."""
        self.write_blocked = False
        """True while so much waits to be written that the sender is not read."""
        self._poller = poller
        self._mask = 0
        self._reading = True
        self._out = bytearray()
        """What was sent here and not taken by the socket, or before there was one."""
        self._clear = False
        """True while the socket is there, nothing waits before it and nothing ends it."""
        self._end_owed = False
        self._closing = False

    def begin(self, connected: socket.socket) -> None:
        """Start with a connected, non-blocking socket; what was sent early goes now."""
        self.socket = connected
        self._clear = not (self._out or self._end_owed)
        if self._clear:
            self._watch()
        else:
            self._flush()

    def ready(self, event: int) -> None:
        """Read, write or find out what is wrong, whatever the socket is ready for."""
        mine = self.socket
        if mine is None:
            return
        if event == READ and self._reading:
            pipe = self.feeds
            sink = pipe.sink
            try:
                size = mine.recv_into(_BUFFER)
                if pipe.chain is None and sink._clear and size:
                    pipe.passed += size
                    sink.write(_BUFFER[:size])
                    return
            except BlockingIOError:
                return
            except OSError:
                self.lost()
                return
            self._read_on(size)
            return
        if event & WRITE:
            self._flush()
        if event & ~WRITE and self._reading and not self.ended and self.socket is not None:
            self.ready(READ)

    def write(self, data: memoryview | bytes) -> None:
        """Write to a clear socket; what it does not take is kept."""
        mine = self.socket
        assert mine is not None
        try:
            sent = mine.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.lost()
            return
        if sent < len(data):
            self._clear = False
            self._keep(data[sent:])
            self._watch()

    def send(self, data: bytes) -> None:
        """Write *data* after what is kept already."""
        if self._clear:
            self.write(data)
        elif not self._closing:
            self._keep(data)

    def send_end(self) -> None:
        """Send the end of stream once all is written."""
        self._end_owed = True
        if self._clear:
            self._clear = False
            self._flush()

    def unsent(self) -> int:
        """Return how many bytes wait to be written."""
        return len(self._out)

    def read(self, wanted: bool) -> None:
        """Start or stop reading."""
        if wanted != self._reading:
            self._reading = wanted
            self._watch()

    def lost(self) -> None:
        """Tear the connection down: the socket has failed."""
        self.connection.lost(reset=True)
        self.drop(reset=True)

    def drop(self, *, reset: bool) -> None:
        """Close the socket at once, with a TCP reset if *reset*; unwritten bytes are dropped."""
        mine, self.socket = self.socket, None
        self._clear = False
        self._closing = True
        self._out = bytearray()
        if mine is not None:
            if self._mask:
                self._mask = 0
                self._poller.watch(mine.fileno(), 0, self.ready)
            if reset:
                mine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            mine.close()

    def close(self) -> None:
        """Close the socket once what was written has left."""
        self._clear = False
        self._closing = True
        self._reading = False
        if self._out:
            self._watch()
        else:
            self.drop(reset=False)

    def _read_on(self, size: int) -> None:
        """Hand the *size* bytes in the buffer to the pipe the long way; 0 is the end of stream."""
        if size:
            self.feeds.received(bytes(_BUFFER[:size]))
        elif not self.ended:
            self.ended = True
            self._watch()
            self.feeds.finished()

    def _keep(self, data: memoryview | bytes) -> None:
        self._out += data
        if not self.write_blocked and len(self._out) > UNSENT_MAX:
            self.write_blocked = True
            self.fed_by.check_flow()

    def _flush(self) -> None:
        """Write what is kept, as much as goes, and do what was to happen after it."""
        mine = self.socket
        if mine is None:
            return
        if self._out:
            try:
                del self._out[: mine.send(self._out)]
            except BlockingIOError:
                pass
            except OSError:
                self.lost()
                return
        if not self._out:
            if self._closing:
                self.drop(reset=False)
                return
            if self._end_owed:
                self._end_owed = False
                try:
                    mine.shutdown(socket.SHUT_WR)
                except OSError:
                    self.lost()
                    return
            else:
                self._clear = not self.fed_by.ended
        self._watch()
        if self.write_blocked and len(self._out) <= UNSENT_LOW:
            self.write_blocked = False
            self.fed_by.check_flow()

    def _watch(self) -> None:
        mine = self.socket
        if mine is None:
            return
        mask = (READ if self._reading and not self.ended else 0) | (WRITE if self._out else 0)
        if mask != self._mask:
            self._mask = mask
            self._poller.watch(mine.fileno(), mask, self.ready)
