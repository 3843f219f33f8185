"""Connections to real servers: opening, TLS, streams, resets, and many users at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from hormesis.host.http_trouble import (
    HttpDisconnected,
    HttpRefused,
    HttpTimeout,
    HttpTrouble,
    HttpUnreachable,
)
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted
from tests.integration.wire.feeding import REQUEST, TIMEOUT_NS
from tests.unit.wire.makes import Make

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wire(make: Make) -> AsyncIterator[Any]:
    made = make.Wire(asyncio.get_running_loop(), zero_ns=0)
    yield made
    made.close()


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def opened(wire: Any, server: Scripted, **options: Any) -> Any:
    connection = wire.connection()
    if server.secure:
        options.setdefault("tls", trusting())
    await connection.open("127.0.0.1", server.port, timeout_s=10, **options)
    return connection


async def test_a_connection_is_opened_used_and_opened_again(wire: Any) -> None:
    async with scripted() as server:
        connection = await opened(wire, server)
        assert connection.connecting_ns > 0 and connection.handshaking_ns == 0
        for _ in range(5):
            assert (await connection.exchange(REQUEST, TIMEOUT_NS)).body == b"ok"
        await connection.open("localhost", server.port, timeout_s=10)
        assert (await connection.exchange(REQUEST, TIMEOUT_NS)).body == b"ok"
        assert server.connections == 2
        connection.close()
        assert not connection.usable


async def test_tls(wire: Any, certificate: ssl.SSLContext) -> None:
    size = 300_000

    async def large(server: Scripted, visit: Visit) -> None:
        while await visit.request():
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
            visit.writer.write(head + b"x" * size)

    async with scripted(large, tls=certificate) as server:
        connection = await opened(wire, server)
        assert connection.handshaking_ns > 0
        for _ in range(3):
            body = b"y" * size
            head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size
            response = await connection.exchange(head + body, TIMEOUT_NS)
            assert response.body == b"x" * size
        stream = connection.stream(REQUEST, TIMEOUT_NS)
        assert sum([len(piece) async for piece in stream]) == size
        assert connection.usable


async def test_tls_that_ends_or_is_not_trusted(wire: Any, certificate: ssl.SSLContext) -> None:
    async def leave(server: Scripted, visit: Visit) -> None:
        with suppress(ssl.SSLError):
            await visit.request()

    # In debug mode the server's loop reports a handshake that the client ended.
    asyncio.get_running_loop().set_debug(False)
    async with scripted(leave, tls=certificate) as server:
        connection = await opened(wire, server)
        with pytest.raises(HttpDisconnected) as caught:
            await connection.exchange(REQUEST, TIMEOUT_NS)
        assert caught.value.sent and caught.value.stale
        with pytest.raises(HttpUnreachable) as refused:
            await opened(wire, server, tls=ssl.create_default_context())
        assert refused.value.word == "tls"


async def test_why_it_cannot_be_opened(wire: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(HttpTimeout) as late:
            await wire.connection().open("127.0.0.1", port, tls=trusting(), timeout_s=0.05)
    assert (late.value.word, late.value.sent) == ("connect-timeout", False)
    assert late.value.ended_ns - late.value.sent_ns >= 50_000_000
    with pytest.raises(HttpRefused):
        await wire.connection().open("127.0.0.1", port, timeout_s=10)
    with pytest.raises(HttpTrouble) as unresolved:
        await wire.connection().open("no.such.host.invalid", 1, timeout_s=30)
    assert unresolved.value.word == "unresolved"


async def test_a_reset_is_not_an_end(wire: Any) -> None:
    async def reset(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.reset()

    async with scripted(reset) as server:
        connection = await opened(wire, server)
        with pytest.raises(HttpDisconnected) as caught:
            await connection.exchange(REQUEST, TIMEOUT_NS)
        assert (caught.value.sent, caught.value.stale) == (True, False)


@pytest.mark.parametrize("secure", [False, True])
async def test_a_reset_where_it_was_used_before_is_stale_unless_an_answer_began(
    wire: Any, certificate: ssl.SSLContext, secure: bool
) -> None:
    def reset_first(begun: bytes) -> Callable[[Scripted, Visit], Awaitable[None]]:
        async def script(server: Scripted, visit: Visit) -> None:
            await visit.request()
            visit.writer.write(OK)
            await visit.request()
            visit.writer.write(begun)
            await visit.writer.drain()
            visit.reset()

        return script

    for begun, stale in ((b"", True), (OK[:-1], False)):
        async with scripted(reset_first(begun), tls=certificate if secure else None) as server:
            connection = await opened(wire, server)
            assert (await connection.exchange(REQUEST, TIMEOUT_NS)).body == b"ok"
            with pytest.raises(HttpDisconnected) as caught:
                await connection.exchange(REQUEST, TIMEOUT_NS)
            assert (caught.value.sent, caught.value.stale) == (True, stale)


async def test_a_connection_closed_before_the_send_never_sent(wire: Any) -> None:
    connection = wire.connection()
    with pytest.raises(HttpDisconnected) as caught:
        await connection.exchange(REQUEST, TIMEOUT_NS)
    assert caught.value.sent is False


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked", b"Connection: close"])
async def test_a_stream_gives_pieces_as_they_come(wire: Any, framing: bytes) -> None:
    asked = asyncio.Event()
    pieces = [b"one", b"two", b"three"]

    async def script(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(b"HTTP/1.1 200 OK\r\nA: b\r\n" + framing + b"\r\n\r\n")
        for piece in pieces:
            await asked.wait()
            asked.clear()
            chunk = b"%x\r\n%s\r\n" % (len(piece), piece) if b"chunked" in framing else piece
            visit.writer.write(chunk)
        if b"chunked" in framing:
            visit.writer.write(b"0\r\n\r\n")
            await visit.request()

    async with scripted(script) as server:
        connection = await opened(wire, server)
        stream = connection.stream(REQUEST, TIMEOUT_NS)
        response = await stream.start()
        assert (response.status, response.header("a"), response.body) == (200, "b", b"")
        asked.set()
        found = []
        async for piece in stream:
            found.append(piece)
            asked.set()
        assert found == pieces
        assert connection.usable is (b"chunked" in framing)
        assert response.ended_ns > response.first_ns > response.sent_ns
        assert response.received > len(b"".join(pieces))


async def test_a_stream_that_is_late_or_given_up_or_cut(wire: Any) -> None:
    async def script(server: Scripted, visit: Visit) -> None:
        request = await visit.request()
        visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        if b"cut" not in request:
            await visit.request()

    async with scripted(script) as server:
        late = (await opened(wire, server)).stream(REQUEST, 50_000_000)
        assert await anext(late) == b"abc"
        with pytest.raises(HttpTimeout):
            await anext(late)
        connection = await opened(wire, server)
        given_up = connection.stream(REQUEST, TIMEOUT_NS)
        assert await anext(given_up) == b"abc"
        given_up.close()
        assert not connection.usable
        cut = (await opened(wire, server)).stream(b"GET /cut HTTP/1.1\r\n\r\n", TIMEOUT_NS)
        assert await anext(cut) == b"abc"
        with pytest.raises(HttpDisconnected):
            await anext(cut)


def misbehaving(rng: Random) -> Callable[[Scripted, Visit], Awaitable[None]]:
    """Answer each request with its own path, unless it is cut, reset, or followed by junk."""

    async def script(server: Scripted, visit: Visit) -> None:
        while request := await visit.request():
            number = request.split()[1]
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(number) + number
            chance = rng.random()
            if chance < 0.05:
                visit.writer.write(answer[: rng.randrange(len(answer))])
                return
            if chance < 0.1:
                visit.reset()
                return
            if chance < 0.15:
                answer += b"junk"
            at = rng.randrange(len(answer)) if chance < 0.4 else 0
            visit.writer.write(answer[:at])
            await asyncio.sleep(0)
            visit.writer.write(answer[at:])

    return script


async def test_many_users_of_a_server_that_misbehaves(wire: Any) -> None:
    """Every request has its own answer or ends in trouble; none is lost or mixed up."""
    rng = Random(11)
    counts = {"answered": 0, "trouble": 0, "cancelled": 0}

    async def play(connection: Any, port: int, name: bytes) -> str:
        patience = 0 if rng.random() < 0.05 else 10
        try:
            if not connection.usable:
                await connection.open("127.0.0.1", port, timeout_s=10)
            async with asyncio.timeout(patience):
                request = b"GET " + name + b" HTTP/1.1\r\n\r\n"
                response = await connection.exchange(request, TIMEOUT_NS)
        except HttpTrouble:
            return "trouble"
        except TimeoutError:
            return "cancelled"
        assert response.body == name
        return "answered"

    async def user(number: int, port: int) -> None:
        connection = wire.connection()
        for turn in range(40):
            counts[await play(connection, port, b"/%d-%d" % (number, turn))] += 1
            if rng.random() < 0.05:
                connection.close()

    async with scripted(misbehaving(rng)) as server:
        await asyncio.gather(*(user(number, server.port) for number in range(25)))
    assert sum(counts.values()) == 25 * 40
    assert counts["answered"] > 600 and counts["trouble"] > 20 and counts["cancelled"] > 10
