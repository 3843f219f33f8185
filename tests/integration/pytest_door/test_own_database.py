"""On the user's own server: what dead sessions left is swept, what live ones have is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hormesis.testing.connecting import connected
from hormesis.testing.database import SessionDatabase
from hormesis.testing.ownership import Name
from hormesis.testing.server import Server
from hormesis.words.trouble import CapabilityTrouble
from tests.integration.pytest_door.own_servers import options

CHILD = """
import os, pathlib, signal, sys
import psycopg
from hormesis.testing.database import SessionDatabase
from hormesis.testing.schemas import fresh
from hormesis.testing.server import Server
from tests.integration.pytest_door.own_servers import options
root = pathlib.Path(sys.argv[1])
isolation = sys.argv[3]
wanted = options(root, database=sys.argv[2], isolation=isolation)
database = SessionDatabase(Server(wanted, root, 1), wanted)
with fresh(database, wanted, "a test") as schema:
    with psycopg.connect(schema.dsn) as connection:
        connection.execute("CREATE TABLE left_behind (a int)")
        if isolation == "database":
            connection.execute("PREPARE TRANSACTION 'of the dead'")
            connection.autocommit = True
            connection.execute(f"CREATE ROLE {database.name}_role")
            connection.execute(f"ALTER DATABASE {schema.database} IS_TEMPLATE true")
    sys.stdout.write(database.name + chr(10))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is the user's as far as the sessions know."""
    root = tmp_path_factory.mktemp("server")
    server = Server(options(root), root, 1)
    try:
        yield server.dsn()
    finally:
        server.close()


def session(url: str, root: Path, isolation: str = "schema") -> SessionDatabase:
    wanted = options(root, database=url, isolation=isolation)
    return SessionDatabase(Server(wanted, root, 1), wanted)


def killed(url: str, root: Path, isolation: str) -> str:
    """Return the database of a session that was killed in the middle of a test."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(root), url, isolation], cwd=Path.cwd(), text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return done.stdout.strip()


def count(url: str, query: str) -> int:
    with connected(url, "hormesis-test") as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


OURS = "SELECT count(*) FROM pg_database WHERE datname LIKE 'hormesis%'"
LEFT = """SELECT (SELECT count(*) FROM pg_prepared_xacts)
+ (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hormesis%')"""


def test_the_next_start_sweeps_the_dead_and_not_the_living(url: str, tmp_path: Path) -> None:
    living = session(url, tmp_path)
    dead = killed(url, tmp_path, "database")
    assert count(url, LEFT) == 2
    next_one = session(url, tmp_path)
    try:
        assert dead in next_one.swept
        assert len(next_one.swept) == 2
        assert living.name not in next_one.swept
        assert living.perform(lambda admin: admin.execute("SELECT 1").fetchone()) == (1,)
        assert count(url, LEFT) == 0
    finally:
        next_one.close()
        living.close()
    assert count(url, OURS) == 0


def test_a_living_owner_keeps_its_database_while_its_connection_is_lost(
    url: str, tmp_path: Path
) -> None:
    living = session(url, tmp_path)
    with connected(url, "hormesis-test") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'hormesis-keeper'"
        )
    other = session(url, tmp_path)
    assert other.swept == []
    living.create_schema("still_there")
    living.close()
    other.close()


def test_a_database_of_the_users_own_is_never_swept(url: str, tmp_path: Path) -> None:
    with connected(url, "hormesis-test") as connection:
        connection.execute("CREATE DATABASE hormesis_production")
    session(url, tmp_path).close()
    assert count(url, OURS) == 1
    with connected(url, "hormesis-test") as connection:
        connection.execute("DROP DATABASE hormesis_production")


def test_who_may_not_create_databases_gets_schemas(url: str, tmp_path: Path) -> None:
    with connected(url, "hormesis-test") as connection:
        connection.execute("DROP ROLE IF EXISTS modest")
        connection.execute("CREATE ROLE modest LOGIN")
        connection.execute("GRANT CREATE ON DATABASE postgres TO modest")
    modest = url.replace("postgres@", "modest@")
    dead = killed(modest, tmp_path, "schema")
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'hormesis%'"
    assert dead == "postgres"
    assert count(url, schemas) == 1
    mine = session(modest, tmp_path)
    try:
        assert not mine.is_own
        assert [Name.of(name) is not None for name in mine.swept] == [True]
        mine.create_schema(mine.next_name())
        assert count(url, schemas) == 1
        with pytest.raises(CapabilityTrouble, match="--chaos-isolation schema"):
            mine.create_database(mine.next_name())
    finally:
        mine.close()
    assert count(url, schemas) == 0


def test_the_users_server_gets_a_link_and_no_other_effect(url: str, tmp_path: Path) -> None:
    server = Server(options(tmp_path, database=url), tmp_path, 1)
    try:
        assert server.run is None
        assert server.dsn("other").endswith("/other")
        with psycopg.connect(server.wire_dsn()) as through:
            assert through.info.port != int(server.parts()["port"])
            assert through.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.close()
    assert count(url, "SELECT 1") == 1


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    wanted = options(tmp_path, database="postgresql://me:secret@127.0.0.1:1/none")
    with pytest.raises(CapabilityTrouble, match="no connection to") as told:
        Server(wanted, tmp_path, 1).start()
    assert "secret" not in str(told.value)
