from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hormesis.host.http_connection import HttpConnection
from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpDisconnected, HttpRefused, HttpTimeout, HttpTrouble
from tests.integration.clients.scripted_server import OK, Scripted, Visit, scripted

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(url: str, *, verify: bool = True) -> AsyncIterator[HttpConnection]:
    connection = HttpConnection(Origin.of(url), verify=verify)
    try:
        yield connection
    finally:
        await connection.close()


async def test_one_connection_carries_many_requests() -> None:
    async with scripted() as server, connected(server.url + "/api") as connection:
        for _ in range(5):
            answer = await connection.request("POST", "/x?y=1", headers={"A": "b"}, body=b"{}")
            assert (answer.status, answer.body) == (200, b"ok")
        assert server.connections == 1
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /api/x?y=1 HTTP/1.1"
        assert {f"Host: 127.0.0.1:{server.port}", "A: b", "Content-Length: 2"} <= set(lines)
        assert body == b"{}"


async def test_a_refusal_was_never_sent() -> None:
    async with scripted() as server:
        url = server.url
    async with connected(url) as connection:
        with pytest.raises(HttpRefused) as caught:
            await connection.request("POST", "/")
    assert isinstance(caught.value, ConnectionRefusedError)
    assert (caught.value.sent, caught.value.word) == (False, "refused")


async def test_a_refusal_by_name_is_a_refusal_too() -> None:
    async with scripted() as server:
        port = server.port
    async with connected(f"http://localhost:{port}") as connection:
        with pytest.raises(HttpRefused):
            await connection.request("GET", "/")


async def test_an_unknown_name_is_told() -> None:
    async with connected("http://nowhere.invalid:80") as connection:
        with pytest.raises(HttpTrouble) as caught:
            await connection.request("GET", "/")
    assert (caught.value.sent, caught.value.word) == (False, "unresolved")


async def test_silence_is_a_time_out_and_the_next_request_is_clean() -> None:
    async def first_is_late(server: Scripted, visit: Visit) -> None:
        while await visit.request():
            if visit.number > 1:
                visit.writer.write(OK)

    async with scripted(first_is_late) as server, connected(server.url) as connection:
        with pytest.raises(HttpTimeout) as caught:
            await connection.request("GET", "/", timeout_s=0.05)
        assert isinstance(caught.value, TimeoutError)
        assert (caught.value.sent, caught.value.word) == (True, "timeout")
        assert (await connection.request("GET", "/")).body == b"ok"
        assert len(server.requests) == 2, "a time-out is never repeated"


async def test_a_full_backlog_is_a_connect_time_out() -> None:
    # A listening socket that nobody accepts from drops further handshakes once it is full.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            async with connected(f"http://127.0.0.1:{port}") as connection:
                with pytest.raises(HttpTimeout) as caught:
                    await connection.request("POST", "/", timeout_s=0.2)
    assert (caught.value.sent, caught.value.word) == (False, "connect-timeout")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_reset_after_sending_is_never_repeated(method: str) -> None:
    async def reset(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(OK)
        await visit.request()
        visit.reset()

    async with scripted(reset) as server, connected(server.url) as connection:
        await connection.request(method, "/")
        with pytest.raises(HttpDisconnected) as caught:
            await connection.request(method, "/")
        assert isinstance(caught.value, ConnectionResetError)
        assert caught.value.sent
        assert len(server.requests) == 2


async def close_after_one(server: Scripted, visit: Visit) -> None:
    """Answer once; read one more request, and close in good order without an answer."""
    await visit.request()
    visit.writer.write(OK)
    if visit.number == 1:
        await visit.request()


async def test_a_stale_connection_is_replaced_for_an_idempotent_request() -> None:
    async with scripted(close_after_one) as server, connected(server.url) as connection:
        await connection.request("GET", "/")
        assert (await connection.request("GET", "/")).body == b"ok"
        assert server.connections == 2


async def test_a_stale_connection_is_told_for_any_other_request() -> None:
    async with scripted(close_after_one) as server, connected(server.url) as connection:
        await connection.request("POST", "/")
        with pytest.raises(HttpDisconnected) as caught:
            await connection.request("POST", "/")
        assert caught.value.sent
        assert len(server.requests) == 2


async def test_a_connection_known_to_be_closed_is_opened_again_for_any_request() -> None:
    gone = asyncio.Event()

    async def answer_and_leave(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(OK)
        visit.writer.close()
        await visit.writer.wait_closed()
        gone.set()

    async with scripted(answer_and_leave) as server, connected(server.url) as connection:
        for _ in range(3):
            gone.clear()
            assert (await connection.request("POST", "/")).status == 200
            await gone.wait()
            wire = connection._wire
            assert wire is not None
            await wire.closed
        assert server.connections == 3


async def test_a_large_body_both_ways() -> None:
    size = 3_000_000

    async def echo(server: Scripted, visit: Visit) -> None:
        whole = await visit.request()
        body = whole.partition(b"\r\n\r\n")[2]
        visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await visit.writer.drain()

    async with scripted(echo) as server, connected(server.url) as connection:
        answer = await connection.request("POST", "/", body=b"x" * size)
    assert answer.body == b"x" * size


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "a", "/ä"])
async def test_what_cannot_be_a_target_is_refused(target: str) -> None:
    async with connected("http://127.0.0.1:1") as connection:
        with pytest.raises(ValueError, match="expected a target"):
            await connection.request("GET", target)
        with pytest.raises(ValueError, match="header of one line"):
            await connection.request("GET", "/", headers={"A": "b\r\nC: d"})


async def test_cancelling_leaves_no_answer_for_the_next_request() -> None:
    seen = asyncio.Event()
    late = asyncio.Event()

    async def slow_then_fast(server: Scripted, visit: Visit) -> None:
        while await visit.request():
            if visit.number == 1:
                seen.set()
                await late.wait()
                visit.writer.write(OK.replace(b"ok", b"no"))
            else:
                visit.writer.write(OK)

    async with scripted(slow_then_fast) as server, connected(server.url) as connection:
        task = asyncio.create_task(connection.request("GET", "/"))
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        late.set()
        assert (await connection.request("GET", "/")).body == b"ok"


async def test_tls(certificate: ssl.SSLContext) -> None:
    async with scripted(tls=certificate) as server:
        async with connected(server.url, verify=False) as connection:
            for _ in range(2):
                assert (await connection.request("GET", "/")).body == b"ok"
        async with connected(server.url) as strict:
            with pytest.raises(HttpTrouble) as caught:
                await strict.request("GET", "/")
    assert (caught.value.sent, caught.value.word) == (False, "tls")
