"""PostgreSQL, Redis and WebSockets from a script's user, against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
import redis
import websockets
from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection

from hormesis.clients.postgres import Postgres as PostgresKind
from hormesis.clients.redis import Redis
from hormesis.clients.websocket import Websocket
from hormesis.load import User, task
from hormesis.words.client import ClientKind
from tests.integration.clients.users import Stage
from tests.integration.postgres import postgres
from tests.integration.redis_server import RedisServer, redis_server
from tests.proving_ground.programs import Postgres

__all__ = ["postgres", "redis_server"]

pytestmark = [pytest.mark.anyio, pytest.mark.integration]


async def played(cls: type[User], **options: Any) -> Stage:
    """Return what one iteration of a user of *cls* recorded; what it raised is over."""
    stage = Stage()
    user = cls(stage.user(), **options)
    await user.open()
    try:
        await user.iterate()
    except (psycopg.Error, redis.RedisError, OSError, websockets.WebSocketException) as error:
        assert error is user._engine.recorded  # type: ignore[attr-defined]
    await user.close()
    return stage


async def test_statements_and_transactions(postgres: Postgres) -> None:
    class Clerk(User):
        @task
        async def book(self) -> None:
            await self.pg.query("CREATE TEMP TABLE t (n int PRIMARY KEY)", name="create")
            async with self.pg.transaction("two rows") as inside:
                await inside.query("INSERT INTO t VALUES (%s)", (1,))
                await inside.query("INSERT INTO t VALUES (2)")
            rows = await self.pg.query("SELECT n FROM t ORDER BY n")
            self.check("rows", rows == [{"n": 1}, {"n": 2}])
            await self.pg.query("INSERT INTO t VALUES (1)", name="again")

    stage = await played(Clerk, pg_dsn=postgres.dsn())
    assert stage.told == [
        ("create", "ok", ""),
        ("two rows", "ok", ""),
        ("SELECT n FROM t ORDER BY n", "ok", ""),
        ("again", "fail", "23505"),
    ]
    assert stage.ops[2].value == {"rows": 2}
    assert stage.metrics()["checks"] == 1


async def test_plain_methods_wait_for_the_database(postgres: Postgres) -> None:
    class Clerk(User):
        @task
        def book(self) -> None:
            with self.pg.transaction("one") as inside:
                inside.query("SELECT 1")
            self.check("one", self.pg.query("SELECT 1 AS n", name="two") == [{"n": 1}])

    stage = await played(Clerk, pg_dsn=postgres.dsn())
    assert stage.told == [("one", "ok", ""), ("two", "ok", "")]
    assert stage.metrics()["checks"] == 1


async def test_a_killed_backend_and_a_slow_statement_are_info(postgres: Postgres) -> None:
    class Victim(User):
        @task
        async def die(self) -> None:
            await self.pg.query("SELECT pg_terminate_backend(pg_backend_pid())", name="die")

    class Slow(User):
        @task
        async def wait(self) -> None:
            self.pg._timeout_s = 0.2
            await self.pg.query("SELECT pg_sleep(5)", name="sleep")

    stage = await played(Victim, pg_dsn=postgres.dsn())
    assert stage.told == [("die", "info", "57P01")]
    assert (await played(Slow, pg_dsn=postgres.dsn())).told == [("sleep", "info", "timeout")]


async def test_nobody_answers() -> None:
    class Sql(User):
        @task
        async def ask(self) -> None:
            await self.pg.query("SELECT 1", name="ask")

    class Key(User):
        @task
        async def ask(self) -> None:
            await self.redis.get("k")

    class Socket(User):
        @task
        async def ask(self) -> None:
            async with self.ws("ws://127.0.0.1:1"):
                raise AssertionError

    stage = await played(Sql, pg_dsn="host=127.0.0.1 port=1 dbname=x")
    assert stage.told == [("ask", "fail", "refused")]
    assert (await played(Key, redis_url="redis://127.0.0.1:1")).told == [("GET", "fail", "refused")]
    assert (await played(Socket)).told == [("connect", "fail", "refused")]


async def test_commands(redis_server: RedisServer) -> None:
    class Clerk(User):
        @task
        async def book(self) -> None:
            await self.redis.set("k", 1)
            got = await self.redis.command("GET", "k", name="read")
            self.check("value", got == "1")
            await self.redis.lpush("k", 2)

    stage = await played(Clerk, redis_url=redis_server.url)
    assert stage.told == [
        ("SET", "ok", ""), ("read", "ok", ""), ("LPUSH", "fail", "redis-wrongtype"),
    ]  # fmt: skip
    assert stage.metrics()["checks"] == 1


@asynccontextmanager
async def echo() -> AsyncIterator[str]:
    async def serve(connection: ServerConnection) -> None:
        async for message in connection:
            if message == "leave":
                return
            await connection.send(message)

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_websockets() -> None:
    class Talker(User):
        @task
        async def talk(self) -> None:
            async with self.ws() as ws:
                self.check("echo", await ws.ask("hello", name="hello") == "hello")
                await ws.send(b"bytes")
                self.check("bytes", await ws.receive(timeout=5) == b"bytes")
                await ws.ask("leave")

    async with echo() as url:
        stage = await played(Talker, ws_url=url)
    assert stage.told == [
        ("connect", "ok", ""), ("hello", "ok", ""), ("ask", "info", "disconnected"),
    ]  # fmt: skip
    seen = stage.metrics()
    assert seen["checks"] == 2
    assert (seen["ws_sessions"], seen["ws_msgs_sent"], seen["ws_msgs_received"]) == (1, 3, 2)
    assert seen["ws_session_duration"] > 0


async def test_plain_methods_use_websockets() -> None:
    class Talker(User):
        @task
        def talk(self) -> None:
            with self.ws() as ws:
                self.check("echo", ws.ask("hello") == "hello")

    async with echo() as url:
        stage = await played(Talker, ws_url=url)
    assert stage.told == [("connect", "ok", ""), ("ask", "ok", "")]
    assert stage.metrics()["checks"] == 1


async def test_a_plain_http_server_is_no_websocket() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    class Talker(User):
        @task
        async def talk(self) -> None:
            async with self.ws(name="join"):
                raise AssertionError

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        stage = await played(Talker, ws_url=f"ws://127.0.0.1:{port}")
    assert stage.told == [("join", "fail", "http-403")]


async def iterated(kind: ClientKind, times: int = 1) -> Stage:
    """Return what iterations of a client told as data recorded."""
    stage = Stage()
    client = kind.make(stage.user(3))
    await client.open()
    for _ in range(times):
        await client.iterate()
    await client.close()
    return stage


async def test_statements_as_data(postgres: Postgres) -> None:
    kind = PostgresKind.model_validate({
        "dsn": postgres.dsn(),
        "steps": [
            {"name": "number", "sql": "SELECT %s::int", "params": ["{{user.number}}"], "expect": 3},
            {"name": "none", "sql": "SELECT 1 WHERE false", "expect": "> 1"},
        ],
    })  # fmt: skip
    stage = await iterated(kind, 2)
    assert [one[0] for one in stage.told] == ["number", "none"] * 2
    assert stage.metrics()["checks"] == 2
    assert kind.describe() == "postgres(number, none)"


async def test_commands_as_data(redis_server: RedisServer) -> None:
    steps = [
        {"name": "write", "command": ["SET", "k-{{user.number}}", "{{iteration}}"]},
        {"name": "read", "command": ["GET", "k-3"], "expect": "1", "think": "1ms"},
    ]
    stage = await iterated(Redis.model_validate({"url": redis_server.url, "steps": steps}))
    assert stage.told == [("write", "ok", ""), ("read", "ok", "")]
    assert stage.metrics()["checks"] == 1


async def test_messages_as_data() -> None:
    async with echo() as url:
        steps = [{"name": "hello", "send": "{{user.number}}", "expect": "3"}]
        stage = await iterated(Websocket.model_validate({"url": url, "steps": steps}), 2)
    assert stage.told == [("connect", "ok", ""), ("hello", "ok", ""), ("hello", "ok", "")]
    assert stage.metrics()["checks"] == 2


@pytest.mark.parametrize(
    ("kind", "given", "fragment"),
    [
        (Redis, {"url": "r", "steps": [{"name": "a", "command": ["{{usr}}"]}]}, "no variable"),
        (Redis, {"url": "r", "steps": []}, "at least 1"),
        (Websocket, {"url": "http://x", "steps": [{"name": "a", "send": ""}]}, "expected a URL"),
        (PostgresKind, {"dsn": "", "steps": [{"name": "a.b", "sql": "x"}]}, "pattern"),
    ],
)
def test_what_is_wrong_is_found_before_the_run(
    kind: type[ClientKind], given: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(ValidationError, match=fragment):
        kind.model_validate(given)
