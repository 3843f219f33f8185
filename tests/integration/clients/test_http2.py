"""HTTP/2 against a small server made of the library ``h2`` itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from tests.integration.clients.users import session_at

pytestmark = pytest.mark.anyio


@dataclass
class Server:
    """What it saw; ``url`` leads to it."""

    url: str = ""
    connections: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        state = h2.connection.H2Connection(config)
        state.initiate_connection()
        heads: dict[int, dict[str, str]] = {}
        self.bodies = {}
        try:
            while True:
                writer.write(state.data_to_send())
                data = await reader.read(65536)
                if not data:
                    return
                for event in state.receive_data(data):
                    self._take(state, event, heads)
        except ConnectionError:
            return
        finally:
            writer.close()

    def _take(self, state: Any, event: Any, heads: dict[int, dict[str, str]]) -> None:
        if isinstance(event, h2.events.RequestReceived):
            heads[event.stream_id] = {str(name): str(value) for name, value in event.headers}
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            number = event.stream_id
            head = heads[number]
            self.asked.append(head)
            self._answer(state, number, head)

    def _answer(self, state: Any, number: int, head: dict[str, str]) -> None:
        path = head[":path"]
        if path == "/never":
            return
        if path == "/reset":
            state.reset_stream(number, error_code=2)
            return
        more = {"/moved": [("location", "/end")], "/login": [("set-cookie", "id=7; Path=/")]}
        status = {"/moved": "302", "/missing": "404"}.get(path, "200")
        body = str(len(self.bodies.get(number, b""))).encode()
        state.send_headers(number, [(":status", status), *more.get(path, [])])
        state.send_data(number, body, end_stream=True)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    seen = Server()
    server = await asyncio.start_server(seen.serve, "127.0.0.1", 0)
    seen.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield seen
    finally:
        for writer in seen.writers:
            writer.close()
        server.close()


async def test_requests_at_once_share_one_connection() -> None:
    async with serving() as server, session_at(server.url, http2=True) as (http, stage):
        got = await asyncio.gather(*(http.get(f"/{n}", name="get") for n in range(20)))
        assert [one.status for one in got] == [200] * 20
        assert server.connections == 1
        assert stage.told == [("get", "ok", "")] * 20
        assert server.asked[0][":authority"] == server.url.removeprefix("http://")
        http.flush()
        assert stage.metrics()["http_req_waiting"] > 0


async def test_bodies_redirects_cookies_and_outcomes() -> None:
    async with serving() as server, session_at(server.url, http2=True) as (http, stage):
        assert (await http.post("/a", body=b"x" * 300_000)).text == "300000"
        assert (await http.get("/moved")).url == f"{server.url}/end"
        await http.get("/login")
        await http.get("/after")
        assert server.asked[-1]["cookie"] == "id=7"
        assert (await http.get("/missing")).status == 404
        assert (await http.post("/reset")).error == "disconnected"
        assert (await http.get("/never", timeout=0.2)).error == "timeout"
        assert (await http.get("/a")).ok
        assert server.connections == 1
        assert [one[1] for one in stage.told] == [
            "ok", "ok", "ok", "ok", "fail", "info", "info", "ok",
        ]  # fmt: skip


async def test_a_connection_that_went_away_is_opened_again() -> None:
    async with serving() as server, session_at(server.url, http2=True) as (http, stage):
        await http.get("/a")
        server.writers[0].close()
        await server.writers[0].wait_closed()
        line: Any = next(iter(http.transport._lines.values()))  # type: ignore[attr-defined]
        await asyncio.wait({line._reading}, timeout=5)
        assert (await http.post("/a")).ok
        assert server.connections == 2
        assert {one[1] for one in stage.told} == {"ok"}


async def test_nobody_listens_and_no_http2() -> None:
    async with session_at("http://127.0.0.1:1", http2=True) as (http, stage):
        assert (await http.get("/a")).error == "refused"
        assert (await http.get("/a")).error == "refused"

    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(old, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with session_at(url, http2=True) as (http, stage):
            assert (await http.get("/a")).error in ("bad-http", "disconnected")
            assert stage.told[0][1] == "info"
