from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from hormesis.faults.postgres_deadlock import PostgresDeadlock
from hormesis.faults.postgres_exhaust_connections import PostgresExhaustConnections
from hormesis.faults.postgres_idle_in_transaction import PostgresIdleInTransaction
from hormesis.faults.postgres_lock import PostgresLock
from hormesis.faults.postgres_slow_queries import PostgresSlowQueries
from hormesis.words.fault import Fault
from hormesis.words.target import Target
from tests.integration.postgres import postgres
from tests.integration.postgres_faults.played import Played, waited
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
TRAP = {"table": "jobs", "where": "id = 7", "every": "50ms"}
Play = Callable[[Fault], Played]


@pytest.fixture
def database(postgres: Postgres) -> str:
    name = postgres.new_database()
    with psycopg.connect(postgres.dsn(name)) as connection:
        connection.execute("CREATE TABLE jobs (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
        connection.execute("INSERT INTO jobs SELECT g FROM generate_series(1, 20) g")
    return postgres.dsn(name)


@pytest.fixture
def play(database: str) -> Iterator[Play]:
    with ExitStack() as stack:

        def begin(fault: Fault) -> Played:
            played = Played(fault, Target("database", postgres=database))
            stack.callback(played.kill)
            played.do()
            return played

        yield begin


def client(dsn: str) -> psycopg.Connection[Any]:
    return psycopg.connect(dsn, autocommit=True, application_name="app")


def test_a_locked_table_keeps_readers_out_until_the_holder_dies(play: Play, database: str) -> None:
    played = play(PostgresLock(table="jobs"))
    with client(database) as app:
        app.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            app.execute("SELECT count(*) FROM jobs")
        assert "refused it (55P03)" in played.proof()
        measure = played.fault.measured({}, played.told)
        assert measure is not None and measure.seen == 1
        played.kill()  # Not the polite way: what a crash leaves behind counts.
        assert "none of the fault's sessions" in played.healed()
        assert app.execute("SELECT count(*) FROM jobs").fetchone() == (20,)


def test_only_the_rows_asked_for_are_locked(play: Play, database: str) -> None:
    played = play(PostgresLock(table="jobs", where="id = 7", mode="NO KEY UPDATE"))
    assert "1 rows of jobs" in played.proof()
    with client(database) as app:
        app.execute("SET lock_timeout = '100ms'")
        app.execute("UPDATE jobs SET n = 1 WHERE id = 8")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            app.execute("UPDATE jobs SET n = 1 WHERE id = 7")
    played.undo()
    assert played.healed()


def test_nowait_does_not_queue(database: str) -> None:
    with client(database) as app:
        app.execute("BEGIN")
        app.execute("LOCK TABLE jobs IN ACCESS SHARE MODE")
        played = Played(
            PostgresLock(table="jobs", nowait=True), Target("database", postgres=database)
        )
        with pytest.raises(AssertionError, match="55P03"):
            played.do()
        played.kill()


def test_the_server_ends_a_session_whose_hold_is_over(database: str) -> None:
    played = Played(
        PostgresLock(table="jobs"), Target("database", postgres=database), hold_s=-1.7
    )
    try:
        played.do()  # 0.3 s after its hold began the server ends it by itself; it is taken again.
        with client(database) as app:
            app.execute("SET lock_timeout = '2s'")
            assert app.execute("SELECT count(*) FROM jobs").fetchone() == (20,)
    finally:
        played.kill()


def test_transactions_left_open_hold_the_horizon(play: Play, database: str) -> None:
    played = play(PostgresIdleInTransaction(sessions=3))
    assert "3 sessions idle in transaction" in played.proof()
    with client(database) as app:
        app.execute("DELETE FROM jobs WHERE id > 10")
        app.execute("VACUUM jobs")
        dead = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'jobs'"
        assert app.execute(dead).fetchone() == (10,)
        played.undo()
        assert played.healed()
        app.execute("VACUUM jobs")
        assert app.execute(dead).fetchone() == (0,)


def test_slow_queries_are_as_many_as_asked(play: Play) -> None:
    played = play(PostgresSlowQueries(sessions=5, query="SELECT pg_sleep(30)"))
    assert "5 slow queries at once (asked 5)" in played.proof()
    played.kill()
    # A backend in a long query does not read: it must notice by itself that we are gone.
    assert played.healed()


def test_the_application_is_the_victim_of_the_deadlock(play: Play, database: str) -> None:
    with client(database) as app:
        app.execute("SET deadlock_timeout = '100ms'")
        played = play(PostgresDeadlock.model_validate(TRAP))
        states = []

        def update() -> None:
            for _ in range(3):
                try:
                    app.execute("UPDATE jobs SET n = n + 1 WHERE id = 7")
                except psycopg.errors.DeadlockDetected as error:
                    states.append(error.sqlstate)

        writing = threading.Thread(target=update)
        writing.start()
        try:
            assert "aborted" in played.proof()
        finally:
            played.undo()
            writing.join()
        assert "40P01" in states
        assert played.told["own"] == 0
        assert played.healed()


def test_nobody_gets_in_as_the_application_but_an_operator_does(
    play: Play, database: str, postgres: Postgres
) -> None:
    postgres.execute("DROP ROLE IF EXISTS crowded")
    postgres.execute("CREATE ROLE crowded LOGIN")
    played = play(PostgresExhaustConnections(user="crowded"))
    assert "0 slots left (asked 0)" in played.proof()
    with pytest.raises(psycopg.OperationalError, match="slots are reserved"):
        psycopg.connect(database, user="crowded")
    client(database).close()
    played.undo()
    assert played.healed()
    psycopg.connect(database, user="crowded").close()


def entered(stack: ExitStack, database: str) -> str:
    """Try to get in as the application; a backend that is about to end keeps its slot a while."""
    try:
        stack.enter_context(psycopg.connect(database, user="crowded"))
    except psycopg.OperationalError as error:
        assert "slots" in str(error)
        return ""
    return "in"


def test_some_slots_may_be_left(play: Play, database: str, postgres: Postgres) -> None:
    postgres.execute("DROP ROLE IF EXISTS crowded")
    postgres.execute("CREATE ROLE crowded LOGIN")
    played = play(PostgresExhaustConnections(user="crowded", left=2))
    assert "2 slots left (asked 2)" in played.proof()
    with ExitStack() as stack:
        for number in ("the first slot", "the second slot"):
            waited(lambda: entered(stack, database), number)
        waited(lambda: "full" if played.proof() and played.told["free"] == 0 else "", "all taken")
        with pytest.raises(psycopg.OperationalError, match="slots"):
            psycopg.connect(database, user="crowded")
    played.undo()
    assert played.healed()
