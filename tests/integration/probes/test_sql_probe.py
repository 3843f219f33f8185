from __future__ import annotations

import asyncio
from collections.abc import Mapping

import psycopg
import pytest

from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import wait_until
from hormesis.host.looks.sql import read_sql
from hormesis.probes.sql import Sql
from hormesis.words.kind import Scalar
from hormesis.words.look import SqlLook
from hormesis.words.probe import Observation
from tests.integration.clients.scripted_server import Scripted, Visit, scripted
from tests.integration.postgres import postgres
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
pytestmark = pytest.mark.anyio


class NoWorld:
    async def service(self, name: str) -> Mapping[str, Scalar]:
        raise AssertionError("this probe needs no service")


async def seen_by(query: str, dsn: str, **more: object) -> Observation:
    probe = Sql.model_validate({"query": query, "dsn": dsn, **more})
    return await probe.observe(NoWorld())


async def test_value_and_rows(postgres: Postgres) -> None:
    query = "SELECT g AS id, 'n' || g AS name, 1.50::numeric AS price FROM generate_series(1,5) g"
    seen = await seen_by(query, postgres.dsn(), rows_max=2)
    assert (seen.value, seen.fields["count"], seen.reason) == (1, 5, "")
    assert seen.rows == (
        {"id": 1, "name": "n1", "price": 1.5},
        {"id": 2, "name": "n2", "price": 1.5},
    )


async def test_no_row_is_a_value_too(postgres: Postgres) -> None:
    seen = await seen_by("SELECT 1 WHERE false", postgres.dsn())
    assert (seen.value, seen.fields["count"], seen.reason) == (None, 0, "")


async def test_a_probe_cannot_write(postgres: Postgres) -> None:
    seen = await seen_by("CREATE TABLE written (i int)", postgres.dsn())
    assert "read-only transaction" in seen.reason


async def test_an_error_is_told_with_its_state(postgres: Postgres) -> None:
    seen = await seen_by("SELECT * FROM nowhere", postgres.dsn())
    assert seen.reason == 'relation "nowhere" does not exist (42P01)'


async def test_a_late_answer_is_bounded(postgres: Postgres) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    seen = await seen_by("SELECT pg_sleep(30)", postgres.dsn(), timeout="300ms")
    assert loop.time() - started < 2
    assert "timeout" in seen.reason or "57014" in seen.reason


async def test_a_probe_waiting_for_a_lock_leaves_no_connection(postgres: Postgres) -> None:
    name = postgres.new_database()
    with psycopg.connect(postgres.dsn(name)) as locker:
        locker.execute("CREATE TABLE t (i int)")
        locker.commit()
        locker.execute("LOCK TABLE t")
        await seen_by("SELECT * FROM t", postgres.dsn(name), timeout="300ms")
        left = "SELECT pid FROM pg_stat_activity WHERE application_name = 'hormesis-probe'"

        async def gone() -> bool:
            return not postgres.execute(left)

        await wait_until(gone, what="the probe's connection is gone", deadline=5, clock=LoopClock())


async def silence(server: Scripted, visit: Visit) -> None:
    await visit.reader.read(100)
    await asyncio.Event().wait()


async def test_a_server_that_says_nothing_is_bounded() -> None:
    async with scripted(silence) as server:
        dsn = f"postgresql://postgres@127.0.0.1:{server.port}/postgres?sslmode=disable"
        loop = asyncio.get_running_loop()
        started = loop.time()
        seen = await seen_by("SELECT 1", dsn, timeout="300ms")
        assert seen.reason == "timeout: no connection in time"
        assert loop.time() - started < 1.5


async def test_a_line_that_is_cut_while_asking_is_bounded(postgres: Postgres) -> None:
    cut = asyncio.Event()

    async def relay(server: Scripted, visit: Visit) -> None:
        upstream, downstream = await asyncio.open_connection("127.0.0.1", postgres.port)

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(4096):
                if b"SELECT 42" in data:
                    cut.set()
                if not cut.is_set():
                    writer.write(data)

        try:
            await asyncio.gather(pump(visit.reader, downstream), pump(upstream, visit.writer))
        finally:
            downstream.close()

    async with scripted(relay) as server:
        dsn = f"postgresql://postgres@127.0.0.1:{server.port}/postgres?sslmode=disable"
        loop = asyncio.get_running_loop()
        started = loop.time()
        seen = await seen_by("SELECT 42", dsn, timeout="300ms")
        assert cut.is_set()
        assert seen.reason == "timeout: no answer in time"
        assert loop.time() - started < 1.5


async def test_a_stopped_server_is_a_reason() -> None:
    async with scripted() as server:
        dsn = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    seen = await seen_by("SELECT 1", dsn)
    assert "refused" in seen.reason.lower()


async def test_looking_never_raises(postgres: Postgres) -> None:
    assert await read_sql(SqlLook(postgres.dsn(), "SELECT 7")) == {"value": 7}
    assert "error" in await read_sql(SqlLook(postgres.dsn(), "SELECT nothing"))
    assert "error" in await read_sql(SqlLook(postgres.dsn(), "SELECT 1 WHERE false"))
