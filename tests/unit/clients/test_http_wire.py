from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hormesis.host.http_trouble import HttpDisconnected, HttpGarbled, HttpTimeout
from hormesis.host.http_wire import HttpResponse, HttpWire

pytestmark = pytest.mark.anyio

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n"
)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN


class FakeTransport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"


def wired() -> tuple[HttpWire, FakeTransport]:
    wire, transport = HttpWire(asyncio.get_running_loop()), FakeTransport()
    fake: Any = transport
    wire.connection_made(fake)
    return wire, transport


def feed(wire: HttpWire, data: bytes) -> None:
    view = wire.get_buffer(-1)
    view[: len(data)] = data
    wire.buffer_updated(len(data))


async def asked(wire: HttpWire, deadline_s: float = 60.0) -> asyncio.Task[HttpResponse]:
    deadline = asyncio.get_running_loop().time() + deadline_s
    task = asyncio.create_task(wire.exchange(b"GET / HTTP/1.1\r\n\r\n", deadline))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("raw", [PLAIN, CHUNKED, INTERIM], ids=["length", "chunked", "interim"])
async def test_an_answer_cut_anywhere_is_the_same_answer(raw: bytes) -> None:
    for cut in range(1, len(raw)):
        wire, _ = wired()
        task = await asked(wire)
        feed(wire, raw[:cut])
        feed(wire, raw[cut:])
        answer = await task
        assert (answer.status, answer.body) == (200, b"hello")
        assert wire.usable
        wire.connection_lost(None)


async def test_a_wire_is_used_again() -> None:
    wire, transport = wired()
    for _ in range(3):
        task = await asked(wire)
        feed(wire, PLAIN)
        assert (await task).header("x-a") == "b"
    assert len(transport.written) == 3
    wire.connection_lost(None)


async def test_a_body_may_end_with_the_connection() -> None:
    wire, _ = wired()
    task = await asked(wire)
    feed(wire, b"HTTP/1.0 200 OK\r\n\r\nhel")
    feed(wire, b"lo")
    wire.connection_lost(None)
    assert (await task).body == b"hello"


async def test_a_framed_body_may_not_end_with_the_connection() -> None:
    wire, _ = wired()
    task = await asked(wire)
    feed(wire, PLAIN[:-1])
    wire.connection_lost(None)
    with pytest.raises(HttpDisconnected) as caught:
        await task
    assert caught.value.sent
    assert not caught.value.stale


@pytest.mark.parametrize(("error", "stale"), [(None, True), (ConnectionResetError(), False)])
async def test_stale_is_only_a_close_in_good_order(error: Exception | None, stale: bool) -> None:
    wire, _ = wired()
    task = await asked(wire)
    wire.connection_lost(error)
    with pytest.raises(HttpDisconnected) as caught:
        await task
    assert caught.value.stale is stale


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"])
async def test_what_is_no_http_is_told(raw: bytes) -> None:
    wire, transport = wired()
    task = await asked(wire)
    feed(wire, raw)
    with pytest.raises(HttpGarbled):
        await task
    assert transport.ended == "aborted"
    wire.connection_lost(None)


async def test_the_server_may_ask_to_close() -> None:
    wire, transport = wired()
    task = await asked(wire)
    feed(wire, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert (await task).status == 200
    assert transport.ended == "closed"
    assert not wire.usable
    wire.connection_lost(None)


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    wire, transport = wired()
    feed(wire, PLAIN)
    assert transport.ended == "aborted"
    wire.connection_lost(None)


async def test_one_deadline_timer_serves_many_requests() -> None:
    wire, transport = wired()
    task = await asked(wire, 60.0)
    feed(wire, PLAIN)
    await task
    task = await asked(wire, 0.0)
    with pytest.raises(HttpTimeout) as caught:
        await task
    assert (caught.value.word, caught.value.sent) == ("timeout", True)
    assert transport.ended == "aborted"
    wire.connection_lost(None)


async def test_cancelling_drops_the_connection() -> None:
    wire, transport = wired()
    task = await asked(wire)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert transport.ended == "aborted"
    wire.connection_lost(None)


async def test_one_request_at_a_time() -> None:
    wire, _ = wired()
    task = await asked(wire)
    with pytest.raises(RuntimeError, match="one request"):
        await wire.exchange(b"", 0.0)
    feed(wire, PLAIN)
    await task
    wire.connection_lost(None)
