"""The load generator against a real server."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import psycopg
import pytest

from hormesis.testing import ChaosInjector, LoadGenerator
from hormesis.testing.loading.escaped import LoadBroken
from hormesis.testing.schemas import IsolatedSchema
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def jobs(isolated_schema: IsolatedSchema) -> IsolatedSchema:
    with psycopg.connect(isolated_schema.dsn) as line:
        line.execute("CREATE TABLE jobs (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
        line.execute("INSERT INTO jobs SELECT g FROM generate_series(1, 20) g")
    return isolated_schema


def total(dsn: str) -> int:
    with psycopg.connect(dsn) as line:
        return int(line.execute("SELECT sum(n) FROM jobs").fetchall()[0][0])


def test_a_rate_is_kept_whatever_the_server_does(
    load_generator: LoadGenerator, jobs: IsolatedSchema
) -> None:
    figures = load_generator(
        "UPDATE jobs SET n = n + 1 WHERE id = %s", rate=50, for_s=0.6,
        params=lambda rng: [rng.randint(1, 20)],
    )  # fmt: skip
    assert figures.count == figures.ok == 30 == total(jobs.dsn)
    assert figures.p50_ms is not None and figures.p99_ms is not None
    assert 0 < figures.p50_ms <= figures.p99_ms <= figures.max_ms if figures.max_ms else False
    assert figures.errors == {} and figures.failed_share == 0
    assert len(figures.history.ops) == 30


def test_arrivals_wait_for_a_stalled_server_and_their_time_counts(
    load_generator: LoadGenerator, chaos_injector: ChaosInjector, jobs: IsolatedSchema
) -> None:
    with chaos_injector.delay_statements("", ms=100):
        figures = load_generator("SELECT 1", rate=40, for_s=0.5, connections=1)
    # One user at 100 ms each: those who come late are begun late, or never.
    assert figures.max_ms is not None and figures.max_ms > 250
    assert figures.count + figures.dropped == 20


def test_errors_are_counted_by_sqlstate(
    load_generator: LoadGenerator, jobs: IsolatedSchema
) -> None:
    def insert(line: psycopg.Connection[Any], rng: Random) -> None:
        line.execute("UPDATE jobs SET n = n + 1 WHERE id = 1")
        line.execute("INSERT INTO jobs VALUES (%s)", (rng.randint(1, 20),))

    with pytest.raises(LoadBroken, match=r"none of the \d+ operations ended ok \(23505: \d+\)"):
        load_generator(insert, users=2, for_s=0.1)
    figures = load_generator(insert, users=2, for_s=0.2, may_fail=True)
    assert figures.fail == figures.count > 0
    assert figures.errors == {"23505": figures.count}
    assert figures.failed_share == 1
    assert total(jobs.dsn) == 0  # each call is a transaction


def test_it_goes_on_beside_a_block(
    load_generator: LoadGenerator, chaos_injector: ChaosInjector, jobs: IsolatedSchema
) -> None:
    async def add(line: psycopg.AsyncConnection[Any], rng: Random) -> None:
        await line.execute("UPDATE jobs SET n = n + 1 WHERE id = %s", (rng.randint(1, 20),))

    with load_generator.running(add, users=3) as load:
        with pytest.raises(RuntimeError, match="still plays"):
            load.figures.count  # noqa: B018 - asking is what is tried
        wait_for(lambda: total(jobs.dsn) > 5, within_s=10, what="it works")
        chaos_injector.terminate_random(2)
        before = total(jobs.dsn)
        wait_for(lambda: total(jobs.dsn) > before + 5, within_s=10, what="it works again")
    figures = load.figures
    assert figures.errors.get("57P01", 0) + figures.errors.get("disconnected", 0) >= 1
    # Nobody knows whether what was cut off was committed.
    assert figures.ok <= total(jobs.dsn) <= figures.ok + figures.info


def test_an_async_test_has_its_loop_to_itself(
    load_generator: LoadGenerator, jobs: IsolatedSchema
) -> None:
    async def test() -> int:
        figures = await load_generator.run_async("SELECT 1", users=1, for_s=0.1)
        return figures.count

    assert asyncio.run(test()) > 0


def test_nonsense_is_refused(load_generator: LoadGenerator) -> None:
    with pytest.raises(ValueError, match="either a rate"):
        load_generator("SELECT 1")
    with pytest.raises(ValueError, match="either a rate"):
        load_generator("SELECT 1", rate=5, users=5)


def test_a_mistake_in_the_users_code_is_told(load_generator: LoadGenerator) -> None:
    def broken(line: Any, rng: Any) -> None:
        raise KeyError("mine")

    async def wrong(line: Any, rng: Any) -> None:
        assert rng is None

    with pytest.raises(KeyError, match="mine"):
        load_generator(broken, users=1, for_s=0.05, may_fail=True)
    with pytest.raises(AssertionError, match="is None"), load_generator.running(wrong, users=1):
        pass
    with pytest.raises(LoadBroken, match='relation "bookngs" does not exist'):
        load_generator("SELECT * FROM bookngs", users=1, for_s=0.05, may_fail=True)
