"""Stream: an answer piece by piece, for bodies that are too large to hold or never end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from time import monotonic_ns
from typing import Protocol

from hormesis.host.http_trouble import HttpTrouble
from hormesis.wire.head import Malformed
from hormesis.wire.parser import Parser
from hormesis.wire.readiness import until_readable, until_writable
from hormesis.wire.response import Response
from hormesis.wire.secure import Secure
from hormesis.wire.troubles import NOT_OPEN, disconnected, garbled, late

READ_BYTES = 64 * 1024


class Lent(Protocol):
    """A connection whose socket is used directly for a while."""

    @property
    def usable(self) -> bool: ...
    def attach(self, sock: socket.socket) -> None: ...
    def detach(self) -> socket.socket: ...


class Stream:
    """The pieces of one answer's body, as an asynchronous iterator.

    ``await stream.start()`` returns the answer's head: a response without a body. Its ``received``
    and ``ended_ns`` are those of the whole once the iteration is over. The connection is usable
    again after that, unless the server ended it; ``close()`` gives up before.
    """

    def __init__(
        self,
        connection: Lent,
        loop: asyncio.AbstractEventLoop,
        zero_ns: int,
        request: bytes,
        timeout_ns: int,
        *,
        head: bool,
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._zero_ns = zero_ns
        self._request = request
        self._timeout_ns = timeout_ns
        self._parser = Parser(to_head=head, body_max=None)
        self._sock: socket.socket | None = None
        self._secure: Secure | None = None
        self._sent_ns = self._first_ns = self._received = 0
        self._response: Response | None = None
        self._over = False

    async def start(self) -> Response:
        """Send the request and return the head of its answer.

        Raises:
            HttpTrouble: there is none; ``sent_ns`` and ``ended_ns`` are set.
        """
        if self._response is not None:
            return self._response
        if not self._connection.usable:
            now = self._now()
            raise disconnected(NOT_OPEN, False, False, now, now)
        self._sock = self._connection.detach()
        self._secure = Secure(self._sock) if isinstance(self._sock, ssl.SSLSocket) else None
        self._sent_ns = self._now()
        try:
            async with asyncio.timeout(self._rest_s()):
                await self._send()
                while not self._headed:
                    await self._read()
        except BaseException as error:
            raise self._told(error) from error
        head = self._parser.head
        assert head is not None
        self._response = Response(
            head.status, self._parser.raw_head, head.size, b"", head.special,
            self._received, self._sent_ns, self._first_ns, self._now(),
        )  # fmt: skip
        self._settle()
        return self._response

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        response = await self.start()
        parser = self._parser
        if not parser.body and not self._over:
            try:
                async with asyncio.timeout(self._rest_s()):
                    while not parser.body and not parser.whole:
                        await self._read()
            except BaseException as error:
                raise self._told(error) from error
            response.received, response.ended_ns = self._received, self._now()
            self._settle()
        if not parser.body:
            raise StopAsyncIteration
        return parser.take_body()

    def close(self) -> None:
        """Give up: the connection is closed unless the answer is whole."""
        self._over = True
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    @property
    def _headed(self) -> bool:
        head = self._parser.head
        return head is not None and not head.interim

    def _now(self) -> int:
        return monotonic_ns() - self._zero_ns

    def _rest_s(self) -> float:
        return max(0.0, (self._sent_ns + self._timeout_ns - self._now()) / 1e9)

    def _settle(self) -> None:
        if not self._parser.whole or self._sock is None:
            return
        head = self._parser.head
        if head is not None and head.keep and not self._parser.spoiled:
            self._connection.attach(self._sock)
            self._sock = None
        self.close()

    def _told(self, error: BaseException) -> BaseException:
        self.close()
        if isinstance(error, TimeoutError) and not isinstance(error, HttpTrouble):
            return late(self._sent_ns, self._now())
        if isinstance(error, Malformed):
            return garbled(str(error), self._sent_ns, self._now())
        if isinstance(error, OSError) and not isinstance(error, HttpTrouble):
            why = error.strerror or str(error)
            return disconnected(why, True, False, self._sent_ns, self._now())
        return error

    async def _send(self) -> None:
        assert self._sock is not None
        send = self._secure.send if self._secure else self._sock.send
        rest = memoryview(self._request)
        while rest:
            try:
                rest = rest[send(rest) :]
            except BlockingIOError:
                await until_writable(self._loop, self._sock.fileno())

    async def _read(self) -> None:
        assert self._sock is not None
        recv = self._secure.recv if self._secure else self._sock.recv
        try:
            data = recv(READ_BYTES)
        except BlockingIOError:
            await until_readable(self._loop, self._sock.fileno())
            return
        if not data:
            if not self._parser.end():
                stale = not self._received
                raise disconnected("closed", True, stale, self._sent_ns, self._now())
            return
        if not self._received:
            self._first_ns = self._now()
        self._received += self._parser.feed(data)
