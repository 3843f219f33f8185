"""Feeding a connection by hand: what the server sends, piece by piece, without an event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hormesis.host.http_trouble import HttpDisconnected, HttpTrouble
from tests.unit.wire.makes import Make

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
TIMEOUT_NS = 60_000_000_000


@dataclass
class Line:
    """A connection, its wire, and the server's end of it."""

    wire: Any
    connection: Any
    server: socket.socket

    def send(self, data: bytes) -> None:
        """Have the server send, and the wire take it."""
        self.server.sendall(data)
        self.wire._process()


@contextmanager
def line(make: Make, loop: asyncio.AbstractEventLoop) -> Iterator[Line]:
    """Return an open line."""
    wire = make.Wire(loop, zero_ns=0)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        connection = wire.connection()
        connection.attach(ours)
        yield Line(wire, connection, theirs)
    finally:
        theirs.close()
        wire.close()


def told(exchange: Any) -> tuple[object, ...]:
    """Return what came of an exchange, comparable across makes."""
    if not exchange.done():
        return ("pending",)
    try:
        response = exchange.result()
    except HttpTrouble as trouble:
        stale = isinstance(trouble, HttpDisconnected) and trouble.stale
        return (trouble.word, trouble.sent, stale, str(trouble))
    return (
        response.status, response.headers, response.body, response.special, response.received,
        response.sent_ns <= response.first_ns <= response.ended_ns,
    )  # fmt: skip


def fed(
    make: Make, loop: asyncio.AbstractEventLoop, pieces: Sequence[bytes], *, head: bool = False
) -> tuple[object, ...]:
    """Return what came of a request after *pieces*, and after the connection's end."""
    with line(make, loop) as one:
        exchange = one.connection.exchange(REQUEST, TIMEOUT_NS, head=head)
        # What a server leaves unread makes its end of the connection look like a reset.
        assert one.server.recv(len(REQUEST)) == REQUEST
        for piece in pieces:
            if one.connection.usable or not exchange.done():
                one.send(piece)
        before = told(exchange), one.connection.usable
        one.server.close()
        one.wire._process()
        return (*before, told(exchange), one.connection.usable)
