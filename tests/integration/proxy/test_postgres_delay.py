"""The PostgreSQL delay on a real server: queries wait, nothing else does, data stays right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.proxy.proxy_process import Proxy
from tests.proving_ground.programs import Postgres

MIN_S = 0.1
SLOW_S = 0.3


@pytest.fixture
def through(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of PostgreSQL, and the DSN that leads through it."""
    proxy = Proxy(tmp_path / "control", {"db": f"127.0.0.1:{postgres.port}"})
    database = postgres.new_database()
    yield proxy, f"postgresql://postgres@127.0.0.1:{proxy.ports['db']}/{database}"
    assert proxy.end() == (0, "")


def took_s(connection: psycopg.Connection, query: str, *parameters: object) -> float:
    start = time.monotonic()
    connection.execute(query.encode(), parameters or None)
    return time.monotonic() - start


def test_every_query_of_new_and_live_connections_waits(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    with psycopg.connect(dsn, autocommit=True) as live:
        assert took_s(live, "select 1") < SLOW_S
        proxy.add("db", "slow", "postgres-delay", None, min="300ms", max="320ms")
        assert took_s(live, "select 1") >= SLOW_S
        start = time.monotonic()
        with psycopg.connect(dsn, autocommit=True) as new:
            assert time.monotonic() - start < SLOW_S, "logging in does not wait"
            assert took_s(new, "select 1") >= SLOW_S
            assert took_s(new, "select %s::int", 1) >= SLOW_S
        reading = proxy.read("db", "slow")
        assert reading["hits"] >= 3
        assert 300 <= reading["delay_ms_mean"] <= 380
        proxy.remove("db", "slow")
        assert took_s(live, "select 1") < SLOW_S


def test_only_matching_statements_wait(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    proxy.add("db", "slow", "postgres-delay", None, min="100ms", max="120ms", matching="from jobs")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table jobs (id int)")
        assert took_s(connection, "select 1") < MIN_S
        assert took_s(connection, "SELECT id FROM jobs") >= MIN_S
        for _ in range(8):
            assert took_s(connection, "select id from jobs where id = %s", 1) >= MIN_S


def test_transactions_copies_and_pipelines_stay_right(through: tuple[Proxy, str]) -> None:
    proxy, dsn = through
    proxy.add("db", "slow", "postgres-delay", None, min="1ms", max="15ms")
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t (i int primary key)")
        connection.commit()
        with connection.cursor().copy("copy t from stdin") as copy:
            for number in range(2000):
                copy.write_row((number,))
        connection.commit()
        connection.execute("insert into t values (5000)")
        connection.rollback()
        with connection.pipeline():
            for number in range(3000, 3020):
                connection.execute("insert into t values (%s)", (number,))
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into t values (3000)")
        connection.rollback()
        row = connection.execute("select count(*), sum(i) from t").fetchone()
    assert row == (2020, sum(range(2000)) + sum(range(3000, 3020)))
    assert proxy.read("db", "slow")["hits"] > 5
