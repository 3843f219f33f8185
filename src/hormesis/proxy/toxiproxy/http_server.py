"""A small HTTP/1.1 server: requests in, answers out, in order, on connections that stay open."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, cast

import httptools

from hormesis.proxy.address import address_of, text_of
from hormesis.proxy.toxiproxy.go_address import AddressError, resolved

REQUEST_S_MAX = 15.0
"""How long a request may take to arrive."""
IDLE_S_MAX = 60.0
"""How long a connection may be without a request."""
HEADER_BYTES_MAX = 1 << 20
BODY_BYTES_MAX = 64 << 20
WAITING_MAX = 16
"""Requests one connection may have waiting before it is no longer read."""
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(slots=True)
class Request:
    """One request; the names of its headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: str
    """Who asks: ``host:port``."""
    keep_alive: bool


@dataclass(slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Answer]]


class HttpServer:
    """Answers every request with what *handler* returns; *wall* gives the time of day."""

    def __init__(self, handler: Handler, wall: Callable[[], float]) -> None:
        self.handler = handler
        self.wall = wall
        self.talks: set[Talk] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> str:
        """Begin to answer; return the address that is listened on.

        Raises:
            OSError: it cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        try:
            # One address, as everywhere here: a name that stands for several may not have them all.
            address, _ = address_of(await resolved(text_of(host, port)))
        except AddressError as trouble:
            raise OSError(str(trouble)) from trouble
        self._server = await loop.create_server(lambda: Talk(self), address, port)
        return text_of(host, self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for talk in list(self.talks):
            talk.end()


class Talk(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._peer = ""
        self._waiting: deque[Request] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._broken: Answer | None = None
        self._in_head = False
        self._head_bytes = 0
        """Bytes of a request whose headers are not complete yet."""
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self._transport = cast(asyncio.Transport, transport)
        host, port, *_ = transport.get_extra_info("peername") or ("", 0)
        self._peer = f"{host}:{port}"
        self._server.talks.add(self)
        self._expect(IDLE_S_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; what it asked for is still done."""
        self._server.talks.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests."""
        if self._broken is not None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break(400)
        except httptools.HttpParserError:
            self._break(400)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > HEADER_BYTES_MAX:
            self._break(431)
        elif self._body_size > BODY_BYTES_MAX:
            self._break(413)

    def eof_received(self) -> bool:
        """Answer what was asked before the client stopped sending."""
        return self._worker is not None

    def end(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._begin()
        self._in_head = True
        self._expect(REQUEST_S_MAX)

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Ask for the body when the client waits for that."""
        self._in_head = False
        if self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_size += len(body)
        if self._body_size <= BODY_BYTES_MAX:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer the request once those before it are answered."""
        if self._timer is not None:
            self._timer.cancel()
        if "host" not in self._headers and self._parser.get_http_version() == "1.1":
            self._break(400, ": missing required Host header")
            return
        self._waiting.append(
            Request(
                self._parser.get_method().decode("latin-1"),
                self._url.decode("latin-1"),
                self._headers,
                b"".join(self._body),
                self._peer,
                bool(self._parser.should_keep_alive()),
            )
        )
        if len(self._waiting) >= WAITING_MAX:
            self._transport.pause_reading()
        if self._worker is None:
            self._worker = self._loop.create_task(self._work())

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_size = 0

    def _expect(self, within_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(within_s, self.end)

    async def _work(self) -> None:
        while self._waiting:
            request = self._waiting.popleft()
            answer = await self._server.handler(request)
            if self._transport.is_closing():
                continue
            if len(self._waiting) < WAITING_MAX:
                self._transport.resume_reading()
            self._write(answer, request)
            if not request.keep_alive:
                self._transport.close()
        self._worker = None
        if self._broken is not None:
            self._write(self._broken, None)
            self._transport.close()
        elif not self._transport.is_closing():
            self._expect(IDLE_S_MAX)

    def _break(self, status: int, why: str = "") -> None:
        """Answer what cannot be read as a request, after all that could, and close."""
        if self._broken is None:
            told = f"{status} {_phrase(status)}{why}"
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            self._broken = Answer(status, told.encode(), headers)
            if self._worker is None:
                self._worker = self._loop.create_task(self._work())

    def _write(self, answer: Answer, request: Request | None) -> None:
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines.append(f"Date: {formatdate(self._server.wall(), usegmt=True)}")
        if answer.status not in _BODILESS:
            lines.append(f"Content-Length: {len(answer.body)}")
        if request is None or not request.keep_alive:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        bodiless = request is not None and request.method == "HEAD"
        self._transport.write(head if bodiless else head + answer.body)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
