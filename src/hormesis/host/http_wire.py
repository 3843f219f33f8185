"""One open HTTP/1.1 connection: bytes out, one parsed answer back, and a deadline over both.

The reading side is a ``BufferedProtocol`` with a buffer of its own, because the stock event loop
otherwise allocates 256 KiB for every read, which triples the cost of a small answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httptools

from hormesis.host.http_trouble import HttpDisconnected, HttpGarbled, HttpTimeout

READ_BYTES = 16 * 1024
ANSWER_BYTES_MAX = 64 * 1024 * 1024


@dataclass(slots=True)
class HttpResponse:
    """An answer: its status, its headers as they came, and its whole body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header called *name*, whatever its case; empty when there is none."""
        wanted = name.lower().encode()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value.decode("latin-1")
        return ""


class HttpWire(asyncio.BufferedProtocol):
    """The connection and its parser; one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser: Any = httptools.HttpResponseParser(self)
        self._view = memoryview(bytearray(READ_BYTES))
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[HttpResponse] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._headers: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._received = False
        self._headed = False
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def usable(self) -> bool:
        """Return whether a request may be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, data: bytes, deadline: float) -> HttpResponse:
        """Send *data* and return the answer; *deadline* is in seconds of the loop's clock.

        Raises:
            HttpTimeout: the answer was not complete by then.
            HttpDisconnected: the connection ended first.
            HttpGarbled: what came is no HTTP/1.1 answer.
            RuntimeError: another request is still under way on this connection.
        """
        if self._waiter is not None:
            raise RuntimeError("one connection carries one request at a time")
        if self._transport is None or not self.usable:
            raise HttpDisconnected("the connection was closed", sent=False)
        waiter: asyncio.Future[HttpResponse] = self._loop.create_future()
        self._waiter = waiter
        self._received = self._headed = False
        self._headers, self._chunks, self._size = [], [], 0
        self._watch(deadline)
        self._transport.write(data)
        try:
            return await waiter
        except asyncio.CancelledError:
            # The answer may still come, and must not be taken for the next request's.
            self.abort()
            raise
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close in good order, or drop the connection when a request is under way."""
        if self._transport is not None:
            if self._waiter is None:
                self._transport.close()
            else:
                self._transport.abort()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # Deadlines: one timer per connection that is moved only when it fires, since arming and
    # cancelling one per request costs more than the parser does.

    def _watch(self, deadline: float) -> None:
        self._deadline = deadline
        if self._timer is not None and self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._ring)
            return
        self._waiter.set_exception(HttpTimeout("no whole answer in time", sent=True))
        self.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport  # type: ignore[assignment]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Parse what came."""
        if self._waiter is None or self._waiter.done():
            self.abort()
            return
        self._received = True
        try:
            self._parser.feed_data(self._view[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(HttpGarbled(f"not an HTTP/1.1 answer: {error}", sent=True))

    def eof_received(self) -> bool | None:
        """Let the transport close; the rest is told by :meth:`connection_lost`."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request under way, if any."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.closed.done():
            self.closed.set_result(None)
        if self._waiter is None or self._waiter.done():
            return
        if exc is None and self._headed and self._ends_with_connection():
            self._waiter.set_result(self._answer())
            return
        stale = exc is None and not self._received
        self._waiter.set_exception(
            HttpDisconnected(f"connection ended: {exc or 'closed'}", sent=True, stale=stale)
        )

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note that only the body is missing."""
        self._headed = True

    def on_body(self, body: bytes) -> None:
        """Keep one piece of the body."""
        self._size += len(body)
        if self._size > ANSWER_BYTES_MAX:
            self._break(HttpGarbled(f"the answer exceeds {ANSWER_BYTES_MAX} bytes", sent=True))
            return
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over; an interim one (1xx) only announces the real one."""
        if 100 <= self._parser.get_status_code() < 200:
            self._headed = False
            self._headers = []
            return
        keep = self._parser.should_keep_alive()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._answer())
        if not keep and self._transport is not None:
            self._transport.close()

    def _answer(self) -> HttpResponse:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return HttpResponse(self._parser.get_status_code(), self._headers, body)

    def _ends_with_connection(self) -> bool:
        framed = (b"content-length", b"transfer-encoding")
        return not any(name.lower() in framed for name, _ in self._headers)

    def _break(self, trouble: HttpGarbled) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(trouble)
        self.abort()
