from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random
from typing import Any

import psycopg
import pytest

from hormesis.faults.postgres_corrupt import PostgresCorrupt
from hormesis.faults.postgres_kill_connections import PostgresKillConnections
from hormesis.host.looks.sql import read_sql
from hormesis.words.look import Reading, SqlLook
from hormesis.words.target import Target
from tests.integration.postgres import postgres
from tests.integration.postgres_faults.companions import Companion
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
HOLDER = "hormesis.host.holders.pg_kill"
PROGRAM = "hormesis.host.programs.sql"


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def holding(stack: ExitStack, dsn: str, **fault: Any) -> tuple[Companion, dict[str, Any]]:
    kind = PostgresKillConnections.model_validate(fault)
    (call,) = kind.verbs(Target("database", postgres=dsn), Random(7))
    holder = Companion(HOLDER, dict(call.args["config"]))
    stack.callback(holder.process.kill)
    return holder, holder.report()


def alive(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def client(stack: ExitStack, dsn: str, name: str = "app") -> psycopg.Connection[Any]:
    connection = psycopg.connect(dsn, autocommit=True, application_name=name)
    stack.callback(connection.close)
    return connection


def test_a_share_is_killed_round_after_round(
    postgres: Postgres, database: str, stack: ExitStack
) -> None:
    dsn = postgres.dsn(database)
    clients = [client(stack, dsn) for _ in range(8)]
    holder, ready = holding(stack, dsn, share="50%", every="50ms", database=database)
    assert ready == {"ready": True, "killed": 0, "rounds": 0}
    first = holder.report()
    assert (first["killed"], first["rounds"]) == (4, 1)
    assert len(first["last"].split()) == 4
    report = first
    while report["killed"] < 8:
        report = holder.report()
    assert not any(alive(one) for one in clients)
    proof = PostgresKillConnections().hurts(ready, report)
    assert proof.startswith("terminated 8 connections in")
    assert holder.end() == 0


def test_strangers_and_our_own_are_spared(
    postgres: Postgres, database: str, stack: ExitStack
) -> None:
    dsn = postgres.dsn(database)
    app, other = client(stack, dsn), client(stack, dsn, "reports")
    probe = client(stack, dsn, "hormesis-probe")
    elsewhere = client(stack, postgres.dsn())
    holder, _ = holding(
        stack, dsn, share=1.0, every="20ms", application="ap%", database=database
    )
    for _ in range(3):
        last = holder.report()
    assert [alive(one) for one in (app, other, probe, elsewhere)] == [False, True, True, True]
    assert last["killed"] == 1
    assert holder.end() == 0


def test_other_databases_are_spared_unless_asked_for(
    postgres: Postgres, database: str, stack: ExitStack
) -> None:
    app, elsewhere = client(stack, postgres.dsn(database)), client(stack, postgres.dsn())
    holder, _ = holding(stack, postgres.dsn(database), share=1.0, every="20ms")
    while holder.report()["rounds"] < 3:
        continue
    assert (alive(app), alive(elsewhere)) == (False, True)
    holder.end()
    other, _ = holding(stack, postgres.dsn(database), share=1.0, every="20ms", database="%")
    while other.report()["killed"] == 0:
        continue
    assert not alive(elsewhere)
    other.end()


def test_the_holder_outlives_the_loss_of_its_own_connection(
    postgres: Postgres, database: str, stack: ExitStack
) -> None:
    dsn = postgres.dsn(database)
    holder, _ = holding(stack, dsn, share=1.0, every="20ms", database=database)
    holder.report()
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'hormesis-kill'"
    )
    report = holder.report()
    while "error" not in report:
        report = holder.report()
    while "error" in report:
        report = holder.report()
    victim = client(stack, dsn)
    while report["killed"] == 0:
        report = holder.report()
    assert not alive(victim)
    assert holder.end() == 0


def test_the_end_of_the_lifeline_ends_a_waiting_holder(
    postgres: Postgres, database: str, stack: ExitStack
) -> None:
    holder, _ = holding(stack, postgres.dsn(database), every="1h", database=database)
    holder.report()
    assert holder.end() == 0


def test_a_holder_that_cannot_connect_says_so(postgres: Postgres, stack: ExitStack) -> None:
    holder, report = holding(stack, postgres.dsn("no-such-database"))
    assert "does not exist" in report["error"]
    assert holder.process.wait(5) == 1
    holder.end()


def ran(config: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    program = Companion(PROGRAM, config)
    report = program.report()
    return program.end(), report


def test_corruption_is_done_seen_and_undone(postgres: Postgres, database: str) -> None:
    dsn = postgres.dsn(database)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE bots (id text, job text)")
    fault = PostgresCorrupt(
        do=("INSERT INTO bots VALUES ('ghost-1', 'gone')", "INSERT INTO bots VALUES ('g-2', 'x')"),
        undo=("DELETE FROM bots WHERE id IN ('ghost-1', 'g-2')",),
        count="SELECT count(*) FROM bots WHERE job IS NOT NULL",
    )
    target = Target("database", postgres=dsn)
    (call,) = fault.verbs(target, Random(1))

    def look() -> Reading:
        seen = fault.look(target)
        assert isinstance(seen, SqlLook)
        return asyncio.run(read_sql(seen))

    before = look()
    assert fault.hurts(before, look()) == ""
    status, told = ran(call.args["do"])
    assert (status, told) == (0, {"rows": [1, 1], "counted": 2.0})
    assert fault.hurts(before, {**told, **look()}) == "2 corrupt rows"
    assert fault.healed(before, look()) == ""
    for touched in (2, 0):  # Undoing twice does no harm.
        assert ran(call.args["undo"]) == (0, {"rows": [touched]})
        assert fault.healed(before, look()) == "no corrupt row any more"


def test_a_failing_statement_leaves_nothing(postgres: Postgres, database: str) -> None:
    dsn = postgres.dsn(database)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE t (i int)")
    status, report = ran({"dsn": dsn, "statements": ["INSERT INTO t VALUES (1)", "nonsense"]})
    assert status == 1
    assert "syntax error" in report["error"]
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_slow_statement_is_given_up(postgres: Postgres, database: str) -> None:
    config = {
        "dsn": postgres.dsn(database), "statements": ["SELECT pg_sleep(30)"], "timeout_s": 0.2
    }  # fmt: skip
    status, report = ran(config)
    assert status == 1
    assert "statement timeout" in report["error"]
