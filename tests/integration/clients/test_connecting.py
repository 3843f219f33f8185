"""Connections that are opened ahead of the first request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hormesis.host.http_trouble import HttpTrouble
from tests.integration.clients.scripted_server import OK, scripted
from tests.integration.clients.users import session_at

pytestmark = pytest.mark.anyio


@contextmanager
def full() -> Iterator[tuple[str, socket.socket]]:
    """Give a listener whose queue is full: who connects has to wait."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        host, port = listener.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex((host, port))
        try:
            yield f"http://{host}:{port}", listener
        finally:
            for one in crowd:
                one.close()


async def test_a_connection_ahead_is_used_and_timed() -> None:
    async with scripted() as server, session_at(server.url) as (http, stage):
        await http.connect(5.0)
        assert server.connections == 1 or len(http.transport.idle) == 1
        assert stage.metrics()["http_req_connecting"] > 0
        assert (await http.get("/a")).ok
        await http.connect(5.0)
        assert server.connections == 1


async def test_the_first_request_waits_for_what_takes_longer() -> None:
    with full() as (url, listener):
        async with session_at(url, timeout=10.0) as (http, stage):
            await http.connect(0.05)
            asking = asyncio.create_task(http.get("/a"))
            listener.setblocking(False)
            loop = asyncio.get_running_loop()
            while not asking.done():
                line, _ = await loop.sock_accept(listener)
                loop.create_task(_answer(line))  # noqa: RUF006 - it ends with the connection
                await asyncio.wait({asking}, timeout=0.2)
            assert (await asking).ok
            assert stage.told == [("GET /a", "ok", "")]


async def _answer(line: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with line:
        while await loop.sock_recv(line, 1000):
            await loop.sock_sendall(line, OK)


async def test_the_first_request_does_not_wait_for_ever() -> None:
    with full() as (url, _):
        async with session_at(url, timeout=0.2) as (http, stage):
            await http.connect(0.05)
            assert (await http.get("/a")).error == "connect-timeout"
            assert stage.told == [("GET /a", "fail", "connect-timeout")]
            assert stage.ops[0].took_us > 150_000


async def test_nobody_is_there() -> None:
    async with session_at("http://127.0.0.1:1") as (http, stage):
        with pytest.raises(HttpTrouble):
            await http.connect(5.0)
        assert (await http.get("/a")).error == "refused"
        assert len(stage.ops) == 1
