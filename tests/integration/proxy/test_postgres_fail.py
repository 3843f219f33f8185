"""Failing statements on a real server: the error is the asked one, and both sides know of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from tests.integration.proxy.proxy_process import Proxy
from tests.proving_ground.programs import Postgres

SERIALIZATION = psycopg.errors.SerializationFailure


@pytest.fixture
def through(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of PostgreSQL, and the DSN that leads through it."""
    links = {"db": f"127.0.0.1:{postgres.port}"}
    proxy = Proxy(tmp_path / "control", links, remembers=True)
    database = postgres.new_database()
    yield proxy, f"postgresql://postgres@127.0.0.1:{proxy.ports['db']}/{database}"
    assert proxy.end() == (0, "")


@pytest.mark.parametrize("parameters", [None, (1,)], ids=["simple", "extended"])
def test_a_statement_fails_on_both_sides(
    through: tuple[Proxy, str], parameters: tuple[int] | None
) -> None:
    proxy, dsn = through
    insert = b"insert into t values (%s)" if parameters else b"insert into t values (1)"
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t (i int)")
        connection.commit()
        proxy.add("db", "bad", "postgres-fail", matching="^insert", message="too bad")
        connection.execute("select 1")
        with pytest.raises(SERIALIZATION, match="too bad") as raised:
            connection.execute(insert, parameters)
        assert raised.value.sqlstate == "40001"
        assert connection.info.transaction_status is TransactionStatus.INERROR
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("select 1")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute(insert, parameters)
        connection.rollback()
        proxy.remove("db", "bad")
        connection.execute(insert, parameters)
        connection.commit()
        assert connection.execute("select count(*) from t").fetchone() == (1,)
    assert proxy.read("db", "bad")["hits"] == 1


def test_a_commit_fails_and_rolls_back(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t (i int)")
        connection.execute("create temporary table mine (i int)")
        connection.commit()
        proxy.add("db", "bad", "postgres-fail", matching="^commit", sqlstate="40P01", first=2)
        for table in (b"t", b"mine"):
            connection.execute(b"insert into " + table + b" values (1)")
            with pytest.raises(psycopg.errors.DeadlockDetected, match="injected by the link"):
                connection.commit()
            assert connection.info.transaction_status is TransactionStatus.IDLE
            assert connection.execute(b"select count(*) from " + table).fetchone() == (0,)
            connection.rollback()
        connection.execute("insert into t values (1)")
        connection.commit()
        assert connection.execute("select count(*) from t").fetchone() == (1,)
    assert proxy.read("db", "bad")["hits"] == 2


def test_a_prepared_statement_fails_when_executed_and_lives_on(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    proxy.add("db", "bad", "postgres-fail", matching="2 \\*", skip=2, first=2)
    answers: list[object] = []
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
        for number in range(6):
            try:
                row = connection.execute("select 2 * %s::int", (number,)).fetchone()
            except SERIALIZATION:
                answers.append("failed")
            else:
                answers.append(row and row[0])
    assert answers == [0, 2, "failed", "failed", 8, 10]


@pytest.mark.parametrize("kind", ["postgres-fail", "postgres-delay"])
def test_what_was_prepared_before_is_known(through: tuple[Proxy, str], kind: str) -> None:
    proxy, dsn = through
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as connection:
        for query in (b"select 1", b"select 2"):
            connection.execute(query)
        given = {"min": "50ms", "max": "60ms"} if kind == "postgres-delay" else {}
        proxy.add("db", "bad", kind, None, matching="2", **given)
        connection.execute("select 1")
        assert proxy.read("db", "bad")["met"] == 0
        with contextlib.suppress(SERIALIZATION):
            connection.execute("select 2")
    assert proxy.read("db", "bad")["hits"] == 1


def test_a_pipeline_fails_at_its_place(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("create table t (i int)")
        proxy.add("db", "bad", "postgres-fail", matching="insert", skip=3, first=1)
        connection.execute("select 1")
        with pytest.raises(SERIALIZATION), connection.pipeline():
            for number in range(6):
                connection.execute("insert into t values (%s)", (number,))
        assert connection.execute("select count(*) from t").fetchone() == (0,)
        with connection.pipeline():
            for number in range(6):
                connection.execute("insert into t values (%s)", (number,))
        assert connection.execute("select count(*) from t").fetchone() == (6,)


def test_new_connections_are_followed_from_their_first_byte(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    proxy.add("db", "bad", "postgres-fail", matching="select", sqlstate="57014", probability="50%")
    failed = 0
    for _ in range(4):
        with psycopg.connect(dsn, autocommit=True) as connection:
            for number in range(10):
                try:
                    assert connection.execute("select %s::int", (number,)).fetchone() == (number,)
                except psycopg.errors.QueryCanceled:
                    failed += 1
    assert 8 <= failed <= 32
    reading = proxy.read("db", "bad")
    assert (reading["hits"], reading["met"]) == (failed, 40)


def test_big_and_odd_traffic_stays_right(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    proxy.add("db", "bad", "postgres-fail", matching="^delete")
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t (i int, b bytea)")
        with connection.cursor().copy("copy t (i) from stdin") as copy:
            for number in range(2000):
                copy.write_row((number,))
        big = b"E\0\0\0\x05Z" * 300_000
        connection.execute("insert into t values (-1, %s)", (big,))
        with pytest.raises(SERIALIZATION), connection.transaction():
            connection.execute(b"delete from t where b = '" + b"x" * 300_000 + b"'")
        row = connection.execute("select b from t where i = -1").fetchone()
        assert row == (big,)
        row = connection.execute("select count(*) from t").fetchone()
        assert row == (2001,)
