from __future__ import annotations

import pytest

from tests.integration.clients.scripted_server import Scripted, Visit, scripted
from tests.integration.clients.test_http_session import Pages, answer, pages
from tests.integration.clients.users import session_at

pytestmark = pytest.mark.anyio


async def test_a_streamed_answer_comes_in_pieces() -> None:
    served: Pages = {"GET /big": answer(200, b"x" * 1_000_000), "GET /a": answer()}
    async with scripted(pages(served)) as server, session_at(server.url) as (http, stage):
        size = 0
        async with http.stream("GET", "/big") as got:
            assert (got.status, got.header("content-length")) == (200, "1000000")
            async for piece in got:
                size += len(piece)
        assert size == 1_000_000
        await http.get("/a")
        assert server.connections == 1
        async with http.request("GET", "/big", stream=True) as got:
            pass
        await http.get("/a")
        assert server.connections == 2
        assert [one[1] for one in stage.told] == ["ok"] * 4


async def test_a_stream_that_breaks_off() -> None:
    async def half(server: Scripted, visit: Visit) -> None:
        await visit.request()
        visit.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with scripted(half) as server, session_at(server.url) as (http, stage):
        async with http.stream("GET", "/a") as got:
            assert [piece async for piece in got] == [b"half"]
            assert got.error == "disconnected"
        assert stage.told == [("GET /a", "info", "disconnected")]
    async with session_at(server.url) as (http, stage):
        async with http.stream("GET", "/a") as got:
            assert (got.status, got.error) == (0, "refused")
        assert stage.told == [("GET /a", "fail", "refused")]
