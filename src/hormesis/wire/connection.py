"""Connection: one keep-alive HTTP/1.1 connection of one user, one request at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP
from time import monotonic_ns
from typing import TYPE_CHECKING

from hormesis.wire.head import Head, Malformed, read_head
from hormesis.wire.opening import Opening
from hormesis.wire.parser import Parser
from hormesis.wire.response import Response
from hormesis.wire.secure import Secure
from hormesis.wire.streaming import Stream
from hormesis.wire.troubles import NOT_OPEN, disconnected, garbled, late

if TYPE_CHECKING:
    from hormesis.host.http_trouble import HttpTrouble
    from hormesis.wire.poller import Wire

READ_BYTES = 16 * 1024
"""Small enough that reading a small answer does not touch fresh pages each time."""
HEADS_MAX = 256
TOLD = EPOLLIN | EPOLLRDHUP
"""What the kernel is to tell of every connection."""
_LEAVING = EPOLLRDHUP | EPOLLHUP | EPOLLERR
UNDER_WAY = "one connection carries one request at a time"
_heads: dict[bytes, Head] = {}
"""Heads read lately: a server's answers of one second differ in little more than their bodies."""


class Connection(Opening):
    """A connection that is opened, used for one request after another, and closed.

    ``connecting_ns`` and ``handshaking_ns`` say how long the last opening took.
    """

    __slots__ = (
        "_answered", "_deadline", "_fd", "_first_ns", "_leaving", "_out", "_parser", "_received",
        "_recv", "_send", "_sent_ns", "_sock", "_to_head", "_waiter", "_wire", "connecting_ns",
        "handshaking_ns",
    )  # fmt: skip

    _recv: Callable[[int], bytes]
    _send: Callable[[bytes], int]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._sock: socket.socket | None = None
        self._fd = -1
        self._waiter: asyncio.Future[Response] | None = None
        self._parser: Parser | None = None
        self._out = b""
        self._to_head = False
        self._answered = False
        """Whether it has carried an answer before, so that its server may have found it idle."""
        self._deadline = self._sent_ns = self._first_ns = self._received = 0
        self._leaving = False
        self.connecting_ns = self.handshaking_ns = 0

    @property
    def usable(self) -> bool:
        """Return whether a request may be sent now: it is open, and none is under way."""
        return self._fd >= 0 and self._waiter is None

    def attach(self, sock: socket.socket) -> None:
        """Use the open, non-blocking *sock* from now on."""
        self._sock = sock
        if isinstance(sock, ssl.SSLSocket):
            secure = Secure(sock)
            self._recv, self._send = secure.recv, secure.send
        else:
            self._recv, self._send = sock.recv, sock.send
        self._fd = sock.fileno()
        self._waiter = None
        self._leaving = False
        self._wire.watch(self._fd, self, TOLD)

    def detach(self) -> socket.socket:
        """Give the open socket away; the connection is closed from now on."""
        sock = self._sock
        if sock is None or self._waiter is not None:
            raise RuntimeError(UNDER_WAY if sock is not None else NOT_OPEN)
        self._wire.forget(self._fd)
        self._fd, self._sock = -1, None
        return sock

    def exchange(
        self, request: bytes, timeout_ns: int, *, head: bool = False
    ) -> asyncio.Future[Response]:
        """Send *request* now; the result is its answer, whatever its status.

        ``head`` says that it is a HEAD request. Cancelling the wait closes the connection, since
        the answer could still come.

        Raises:
            HttpTrouble: when awaited: there is no answer. ``sent_ns`` and ``ended_ns`` are set.
            RuntimeError: another request is under way.
        """
        before = self._waiter
        wire = self._wire
        if before is not None:
            if not before.cancelled():
                raise RuntimeError(UNDER_WAY)
            self.drop()
        waiter = wire.create_future()
        self._sent_ns = sent = monotonic_ns() - wire.zero_ns
        if self._fd < 0:
            waiter.set_exception(disconnected(NOT_OPEN, False, False, sent, sent))
            return waiter
        self._deadline = sent + timeout_ns
        self._to_head = head
        self._received = 0
        self._waiter = waiter
        if not wire.sweeping:
            wire.sweep_later()
        try:
            done = self._send(request)
        except (BlockingIOError, InterruptedError):
            done = 0
        except OSError as error:
            self._fail(disconnected(_why(error), False, False, sent, wire.now_ns()))
            return waiter
        if done < len(request):
            self._out = request[done:]
            wire.want(self._fd, TOLD | EPOLLOUT)
        return waiter

    def stream(self, request: bytes, timeout_ns: int, *, head: bool = False) -> Stream:
        """Return the answer to *request* piece by piece; it is sent when the first is asked for."""
        wire = self._wire
        return Stream(self, wire.loop, wire.zero_ns, request, timeout_ns, head=head)

    def close(self) -> None:
        """Close at once; a request under way ends as disconnected."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            now = self._wire.now_ns()
            self._fail(disconnected(NOT_OPEN, True, False, self._sent_ns, now))
        else:
            self.drop()

    def drop(self) -> None:
        """Close the socket and forget what has come."""
        self._answered = False
        self._parser = None
        self._out = b""
        self._waiter = None
        if self._fd >= 0:
            self._wire.forget(self._fd)
            self._fd = -1
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def sweep(self, now_ns: int) -> bool:
        """End what is late; return whether a request is under way."""
        waiter = self._waiter
        if waiter is None:
            return False
        if waiter.done():
            self.drop()
            return False
        if now_ns < self._deadline:
            return True
        self._fail(late(self._sent_ns, now_ns))
        return False

    def ready(self, event: int, now_ns: int) -> None:
        """Take what the kernel has; *now_ns* is when it was told."""
        if event & _LEAVING:
            self._leaving = True
        if event & EPOLLOUT and self._out and not self._flushed():
            return
        if event & ~EPOLLOUT:
            self.readable(now_ns)

    def _flushed(self) -> bool:
        try:
            done = self._send(self._out)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError as error:
            self._break(error, self._wire.now_ns())
            return False
        self._out = self._out[done:]
        if not self._out:
            self._wire.want(self._fd, TOLD)
        return True

    def readable(self, now_ns: int) -> None:
        """Take what has come; *now_ns* is when the kernel told of it."""
        try:
            data = self._recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._break(error, now_ns)
            return
        waiter = self._waiter
        if waiter is None or waiter.done():
            # The server closed an idle connection, sent what nobody asked for, or answers what
            # was given up.
            self.drop()
            return
        if self._sent_ns > now_ns:
            now_ns = self._wire.now_ns()
        if not data:
            self._ended(now_ns)
            return
        if not self._received:
            self._first_ns = now_ns
            if not self._to_head and self._plain(data, waiter, now_ns):
                return
        self._received += len(data)
        self._feed(data, waiter, now_ns)

    def _plain(self, data: bytes, waiter: asyncio.Future[Response], now_ns: int) -> bool:
        """Take an answer that came in one piece, framed by its length: nearly all of them."""
        split = data.find(b"\r\n\r\n") + 4
        if split < 4:
            return False
        raw_head = data[:split]
        head = _heads.get(raw_head)
        if head is None:
            try:
                head = read_head(raw_head)
            except Malformed as error:
                self._fail(garbled(str(error), self._sent_ns, now_ns))
                return True
            if len(_heads) >= HEADS_MAX:
                _heads.clear()
            _heads[raw_head] = head
        size = len(data)
        if not head.plain or size < split + head.length:
            return False
        if size > split + head.length or self._leaving or self._out or not head.keep:
            size = split + head.length
            self.drop()
        self._answered = self._fd >= 0
        self._waiter = None
        waiter.set_result(
            Response(
                head.status, data[:size], split, None, head.special, size,
                self._sent_ns, now_ns, now_ns,
            )
        )  # fmt: skip
        return True

    def _feed(self, data: bytes, waiter: asyncio.Future[Response], now_ns: int) -> None:
        parser = self._parser
        if parser is None:
            parser = self._parser = Parser(to_head=self._to_head)
        try:
            used = parser.feed(data)
        except Malformed as error:
            self._fail(garbled(str(error), self._sent_ns, now_ns))
            return
        if parser.whole:
            self._received -= len(data) - used
            self._deliver(parser, waiter, now_ns)

    def _ended(self, now_ns: int) -> None:
        waiter, parser = self._waiter, self._parser
        if waiter is not None and parser is not None and parser.end():
            self._deliver(parser, waiter, now_ns)
            return
        stale = not self._received
        self._fail(disconnected("closed", True, stale, self._sent_ns, now_ns))

    def _deliver(
        self, parser: Parser, waiter: asyncio.Future[Response], now_ns: int
    ) -> None:
        head = parser.head
        assert head is not None
        self._parser = None
        if parser.spoiled or self._leaving or self._out or not head.keep:
            self.drop()
        self._answered = self._fd >= 0
        self._waiter = None
        waiter.set_result(
            Response(
                head.status, parser.raw_head, head.size, bytes(parser.body), head.special,
                self._received, self._sent_ns, self._first_ns, now_ns,
            )
        )  # fmt: skip

    def _break(self, error: OSError, now_ns: int) -> None:
        # A server that closes an idle connection resets what is sent meanwhile.
        reset = isinstance(error, BrokenPipeError | ConnectionResetError)
        stale = reset and self._answered and not self._received
        self._fail(disconnected(_why(error), True, stale, self._sent_ns, now_ns))

    def _fail(self, trouble: HttpTrouble) -> None:
        waiter = self._waiter
        self.drop()
        if waiter is not None and not waiter.done():
            waiter.set_exception(trouble)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
