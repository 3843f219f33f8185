from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hormesis.faults.postgres_corrupt import PostgresCorrupt
from hormesis.faults.postgres_kill_backend import PostgresKillBackend
from hormesis.faults.postgres_read_only import PostgresReadOnly
from hormesis.host.process import Identity
from hormesis.host.tree import tree
from hormesis.words.fault import Fault
from hormesis.words.target import Target
from tests.integration.postgres import postgres
from tests.integration.postgres_faults.played import Played
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
Play = Callable[[Fault], Played]
SETTING = "SHOW default_transaction_read_only"


@pytest.fixture
def database(postgres: Postgres) -> str:
    name = postgres.new_database()
    with psycopg.connect(postgres.dsn(name)) as connection:
        connection.execute(
            "CREATE TABLE jobs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int NOT NULL,"
            " note json, twice int GENERATED ALWAYS AS (n * 2) STORED)"
        )
        connection.execute("""INSERT INTO jobs (n, note) SELECT g, '{"a": 1}' FROM
            generate_series(1, 10) g""")
        connection.execute("CREATE TABLE parts (job int REFERENCES jobs ON DELETE CASCADE)")
        connection.execute("INSERT INTO parts VALUES (3)")
    return postgres.dsn(name)


@pytest.fixture
def play(database: str, postgres: Postgres) -> Iterator[Play]:
    with ExitStack() as stack:
        assert postgres.program is not None
        server = Identity.of(postgres.program.process.pid)
        pids = [who.pid for who in tree(server)]

        def begin(fault: Fault) -> Played:
            target = Target("database", service="postgres", postgres=database)
            played = Played(fault, target, pids=pids)
            stack.callback(played.kill)
            return played

        yield begin


def value(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def test_one_database_is_read_only_and_its_own_setting_comes_back(
    play: Play, database: str, postgres: Postgres
) -> None:
    name = database.rpartition("/")[2]
    own = f"ALTER DATABASE {name} SET default_transaction_read_only = off"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(own.encode())
    app = psycopg.connect(database, autocommit=True, application_name="app")
    elsewhere = psycopg.connect(postgres.dsn(), autocommit=True, application_name="app")
    played = play(PostgresReadOnly())
    played.do()
    assert "refused (25006), 1 sessions were ended" in played.proof()
    with pytest.raises(psycopg.OperationalError):
        app.execute("SELECT 1")
    elsewhere.execute("CREATE TEMP TABLE still_writes ()")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        value(database, "DELETE FROM parts RETURNING 1")
    assert played.fault.healed(played.before, played.look()) == ""
    played.undo()
    assert played.healed() == "new transactions may write again"
    kept = "SELECT setconfig::text FROM pg_db_role_setting d JOIN pg_database b"
    assert value(database, f"{kept} ON b.oid = d.setdatabase WHERE datname = '{name}'") == (
        "{default_transaction_read_only=off}"
    )
    elsewhere.close()


def test_the_whole_server_is_read_only_at_once_and_what_was_set_comes_back(
    play: Play, database: str, postgres: Postgres
) -> None:
    app = psycopg.connect(database, autocommit=True, application_name="app")
    played = play(PostgresReadOnly(scope="server"))
    played.do()
    assert "refused (25006)" in played.proof()
    assert app.execute(SETTING).fetchone() == ("on",), "sessions that are open notice it too"
    played.undo()
    assert played.healed()
    assert app.execute(SETTING).fetchone() == ("off",)
    left = "SELECT count(*) FROM pg_file_settings WHERE name = 'default_transaction_read_only'"
    assert value(database, left) == 0
    app.close()


def damage(**more: Any) -> PostgresCorrupt:
    return PostgresCorrupt.model_validate({
        "do": [
            "UPDATE jobs SET n = -1 WHERE id IN (1, 2)", "DELETE FROM jobs WHERE id = 3",
            "INSERT INTO jobs (n) VALUES (-1)", "UPDATE jobs SET n = n WHERE id = 9",
        ],
        "count": "SELECT count(*) FROM jobs WHERE n < 0", **more,
    })  # fmt: skip


def test_damaged_rows_come_back_but_the_applications_own_changes_stay(
    play: Play, database: str
) -> None:
    everything = "SELECT array_agg(j::text ORDER BY id)::text FROM jobs j"
    before = value(database, everything)
    played = play(damage(snapshot=["jobs"]))
    played.do()
    assert played.proof() == "3 corrupt rows"
    assert played.told["touched"] == 4
    with psycopg.connect(database) as app:  # The application repairs one, and works on another.
        app.execute("UPDATE jobs SET n = 100 WHERE id = 2")
        app.execute("UPDATE jobs SET n = 50 WHERE id = 5")
    assert played.undo() == {"restored": 3, "left": 1}
    assert played.healed() == "no corrupt row any more"
    assert value(database, "SELECT n FROM jobs WHERE id = 2") == 100
    with psycopg.connect(database) as app:
        app.execute("UPDATE jobs SET n = 2 WHERE id = 2")
        app.execute("UPDATE jobs SET n = 5 WHERE id = 5")
    assert value(database, everything) == before
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'hormesis'") == 0


def test_undoing_damage_twice_or_without_damage_does_nothing(play: Play, database: str) -> None:
    played = play(damage(snapshot=["jobs"]))
    played.do()
    played.proof()
    (restore,) = [config for _, config in played._undo]
    played.undo()
    assert played._once("hormesis.host.programs.sql_snapshot", restore) == {
        "restored": 0, "left": 0,
    }  # fmt: skip


def test_damage_to_a_table_without_a_key_is_refused_wholly(play: Play, database: str) -> None:
    played = play(damage(snapshot=["jobs", "parts"]))
    with pytest.raises(AssertionError, match="no primary key"):
        played.do()
    assert value(database, "SELECT count(*) FROM jobs WHERE n < 0") == 0
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'hormesis'") == 0


def test_a_killed_backend_takes_every_session_with_it(play: Play, database: str) -> None:
    app = psycopg.connect(database, autocommit=True, application_name="app")
    other = psycopg.connect(database, autocommit=True, application_name="other")
    played = play(PostgresKillBackend(application="app"))
    victim = app.info.backend_pid
    played.pids.append(victim)
    played.do()
    assert f"process {victim} (client) was killed" in played.proof()
    for session in (app, other):
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert played.healed() == "the server answers again"


def test_a_process_that_is_not_of_the_target_is_spared(play: Play, database: str) -> None:
    with psycopg.connect(database, application_name="app") as app:
        played = play(PostgresKillBackend(application="app"))
        played.pids = [os.getpid()]
        with pytest.raises(AssertionError, match="not those of the target's process"):
            played.do()
        app.execute("SELECT 1")
        assert Path(f"/proc/{app.info.backend_pid}").exists()


def test_nobody_to_kill_is_told(play: Play) -> None:
    with pytest.raises(AssertionError, match="no client process to kill"):
        play(PostgresKillBackend(application="nobody")).do()
