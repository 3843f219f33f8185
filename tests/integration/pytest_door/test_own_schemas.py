"""What a test has to itself on a real server: schemas, databases, connections, pools, tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from hormesis.testing.connections import (
    async_conn,
    async_conn_pool,
    before_example,
    conn_pool,
    sync_conn,
)
from hormesis.testing.database import SessionDatabase
from hormesis.testing.options import Options
from hormesis.testing.prepared import Prepared
from hormesis.testing.schemas import IsolatedSchema, fresh
from hormesis.testing.server import Server
from hormesis.testing.temp_tables import temp_table
from hormesis.testing.template import template_of
from hormesis.words.trouble import InputTrouble
from tests.integration.pytest_door.own_servers import options
from tests.proving_ground.wait import wait_for

TEMPLATE = """\
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, share text DEFAULT '100%');
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS $$ SELECT a * 2 $$;
INSERT INTO users (name) SELECT 'u' || i FROM generate_series(1, 3) AS i;
"""
NAME = "test_something[é]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("server")
    server = Server(options(root), root, 1)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def database(server: Server, tmp_path: Path) -> Iterator[SessionDatabase]:
    database = SessionDatabase(server, options(tmp_path))
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def schema(database: SessionDatabase) -> Iterator[IsolatedSchema]:
    with fresh(database, database.options, NAME) as one:
        yield one


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def templated(tmp_path: Path) -> Options:
    (tmp_path / "tables.sql").write_text(TEMPLATE)
    return options(tmp_path, template="tables.sql")


@pytest.mark.parametrize("isolation", ["schema", "database"])
@pytest.mark.parametrize("kind", ["tables.sql", "own_tables_module:install"])
def test_each_has_the_template_and_nothing_of_the_others(
    database: SessionDatabase, templated: Options, isolation: str, kind: str
) -> None:
    (templated.rootdir / "own_tables_module.py").write_text(
        f"def install(connection):\n    connection.execute({TEMPLATE!r})\n"
    )
    wanted = replace(templated, isolation=isolation, template=kind)
    seen = set()
    with fresh(database, wanted, NAME) as one, one.fresh() as other:
        for each in (one, other):
            seen.add((each.database, str(each)))
            assert rows(each.dsn, "SELECT count(*), twice(4) FROM users") == [(3, 8)]
            assert rows(each.dsn, "SELECT current_schema()") == [(str(each),)]
            with psycopg.connect(each.dsn) as connection:
                connection.execute("DELETE FROM users; CREATE TABLE mine ()")
    assert len(seen) == 2
    with psycopg.connect(database.server.dsn(database.name)) as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^hormesis'")
        assert left.fetchall() == []


def test_an_error_of_the_template_has_its_line(
    database: SessionDatabase, templated: Options
) -> None:
    (templated.rootdir / "tables.sql").write_text(TEMPLATE + "\nCREATE TABLE x (\n  y nothing);\n")
    wrong = pytest.raises(InputTrouble, match=r"tables\.sql:6:5: .*nothing")
    with wrong, fresh(database, templated, NAME):
        pass
    with pytest.raises(InputTrouble, match=r"tables\.sql:6"):
        Prepared(database, template_of(templated)).fill_database(database.next_name())


def test_a_template_that_names_its_schema_is_told_what_to_do(
    database: SessionDatabase, templated: Options
) -> None:
    (templated.rootdir / "tables.sql").write_text("CREATE TABLE public.only_once ()")
    wrong = pytest.raises(InputTrouble, match="chaos_isolation = database")
    with fresh(database, templated, NAME) as one, wrong, one.fresh():
        pass


def test_what_a_test_left_open_does_not_keep_its_schema(
    server: Server, database: SessionDatabase
) -> None:
    with fresh(database, database.options, NAME) as schema:
        left = psycopg.connect(schema.dsn)
        left.execute("CREATE TABLE held (a int)")
        left.execute("PREPARE TRANSACTION 'left behind'")
        left.close()
        with psycopg.connect(schema.dsn) as making:
            making.execute("CREATE TABLE locked (a int)")
        holder = psycopg.connect(schema.dsn)
        holder.execute("LOCK TABLE locked")
    with pytest.raises(psycopg.OperationalError):
        holder.execute("SELECT 1")
    holder.close()
    assert rows(server.dsn(), "SELECT gid FROM pg_prepared_xacts") == []


def test_the_keeper_comes_back_after_it_was_ended(database: SessionDatabase) -> None:
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'hormesis-keeper'"
    )
    rows(database.server.dsn(), ended)
    with fresh(database, database.options, NAME) as schema:
        assert rows(schema.dsn, "SELECT current_schema()") == [(str(schema),)]
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert rows(database.server.dsn(), locks) == [(1,)]


def test_sessions_bear_the_name_of_their_test_and_its_isolation(
    database: SessionDatabase,
) -> None:
    wanted = replace(database.options, transaction_isolation="repeatable-read")
    with fresh(database, wanted, NAME) as schema, sync_conn(schema.dsn, NAME) as connection:
        assert not connection.autocommit
        shown = connection.execute("SHOW application_name").fetchone()
        assert shown == ("hormesis:test_something[?]",)
        level = connection.execute("SHOW transaction_isolation").fetchone()
        assert level == ("repeatable read",)


def test_an_example_finds_its_connections_rolled_back(schema: IsolatedSchema) -> None:
    with sync_conn(schema.dsn, NAME) as one, async_conn(schema.dsn, NAME) as other:
        with pytest.raises(psycopg.errors.DivisionByZero):
            one.execute("SELECT 1 / 0")

        async def begin() -> None:
            await other.execute("CREATE TABLE not_yet (a int)")

        asyncio.run(begin())
        before_example()
        assert one.execute("SELECT to_regclass('not_yet')").fetchone() == (None,)

        async def again() -> object:
            return await (await other.execute("SELECT to_regclass('not_yet')")).fetchone()

        assert asyncio.run(again()) == (None,)


def test_pools_serve_as_many_as_they_are_large(schema: IsolatedSchema) -> None:
    with conn_pool(schema.dsn, 3, NAME) as pool:
        taken = [pool.getconn() for _ in range(3)]
        assert len({one.info.backend_pid for one in taken}) == 3
        for one in taken:
            pool.putconn(one)


@pytest.mark.parametrize("ended", ["closed", "left open"])
def test_an_async_pool_opens_itself_where_it_is_used(schema: IsolatedSchema, ended: str) -> None:
    with async_conn_pool(schema.dsn, 3, NAME) as pool:

        async def use() -> set[int]:
            async def pid() -> int:
                async with pool.connection() as connection:
                    await connection.execute("SELECT pg_sleep(0.02)")
                    return connection.info.backend_pid

            found = set(await asyncio.gather(*(pid() for _ in range(6))))
            if ended == "closed":
                await pool.close()
            return found

        assert 1 < len(asyncio.run(use())) <= 3
    # The count takes a session of its own.
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'hormesis:%'"
    wait_for(lambda: rows(schema.dsn, mine) == [(1,)], within_s=5, what="its sessions ended")


def test_tables_are_seen_by_every_session_and_dropped(schema: IsolatedSchema) -> None:
    with temp_table(schema.dsn) as table:
        other = table.create("a int, b text", fillfactor=50)
        with psycopg.connect(schema.dsn, autocommit=True) as writing:
            writing.execute(f"INSERT INTO {table} (name, value) VALUES ('a', 1)")
            writing.execute(f"INSERT INTO {other} VALUES (1, 'b')")
        assert rows(schema.dsn, f"SELECT id, name, value FROM {table}") == [(1, "a", 1)]
        holding = psycopg.connect(schema.dsn)
        holding.execute(f"SELECT * FROM {other}")
    assert rows(schema.dsn, f"SELECT to_regclass('{table}'), to_regclass('{other}')") == [
        (None, None)
    ]
    holding.close()
