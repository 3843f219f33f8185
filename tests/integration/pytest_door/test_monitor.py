"""The monitor and the deadlock against a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from hormesis.compose.by_hand_trouble import NoBite
from hormesis.testing import ChaosInjector, DeadlockSetup, LoadGenerator, TransactionMonitor
from hormesis.testing.schemas import IsolatedSchema
from hormesis.testing.session import ChaosSession
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def jobs(isolated_schema: IsolatedSchema) -> IsolatedSchema:
    with psycopg.connect(isolated_schema.dsn) as line:
        line.execute("CREATE TABLE jobs (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
        line.execute("INSERT INTO jobs SELECT g FROM generate_series(1, 20) g")
    return isolated_schema


@contextmanager
def waiting(dsn: str, *statements: str) -> Iterator[list[int]]:
    """Sessions that wait for a lock until the block, and whoever blocks them, is over."""
    pids, threads = [], []

    def wait(line: psycopg.Connection[Any], statement: str) -> None:
        with line:
            line.execute(statement.encode())

    for statement in statements:
        line = psycopg.connect(dsn)
        pids.append(line.info.backend_pid)
        threads.append(threading.Thread(target=wait, args=(line, statement)))
        threads[-1].start()
    try:
        yield pids
    finally:
        for thread in threads:
            thread.join()


def test_who_waits_for_whom(
    transaction_monitor: TransactionMonitor, jobs: IsolatedSchema
) -> None:
    blocker = psycopg.connect(jobs.dsn)
    update = "UPDATE jobs SET n = 1 WHERE id = 7"
    blocker.execute(update.encode())
    with waiting(jobs.dsn, update, "LOCK TABLE jobs") as (row, table), blocker:
        first = transaction_monitor.until_blocked(row)
        transaction_monitor.until_blocked(table)
        with pytest.raises(AssertionError, match="waits for a lock: not met"):
            transaction_monitor.until_blocked(blocker, within_s=0)
        assert first.blockers[0].pid == blocker.info.backend_pid
        assert first.on.startswith("row (0,") and first.on.endswith("of jobs")
        assert [one.pid for one in transaction_monitor.blockers()] == [blocker.info.backend_pid]
        mine = [one for one in transaction_monitor.locks() if one.pid == table]
        assert [(one.on, one.mode) for one in mine if not one.granted] == [
            ("table jobs", "AccessExclusiveLock")
        ]
        graph = transaction_monitor.graph()
        assert graph.index(f"pid {blocker.info.backend_pid}") < graph.index(f"pid {row} ")
        assert "waits" in transaction_monitor.report()
        blocker.rollback()
    blocker.close()
    assert transaction_monitor.waits() == ()


def test_a_long_transaction_is_remembered(
    transaction_monitor: TransactionMonitor, jobs: IsolatedSchema
) -> None:
    with psycopg.connect(jobs.dsn) as line:
        line.execute("SELECT pg_sleep(0.35)")
        (open_one,) = transaction_monitor.long_transactions(over_s=0.3)
        assert open_one.open and open_one.session.pid == line.info.backend_pid
    (ended,) = transaction_monitor.long_transactions(over_s=0.3)
    assert not ended.open and ended.lasted_s >= 0.3


def test_a_deadlock_is_real_and_seen(
    deadlock_setup: DeadlockSetup, transaction_monitor: TransactionMonitor
) -> None:
    before = transaction_monitor.deadlocks_counted()
    provoked = deadlock_setup.provoke()
    assert provoked.sqlstate == "40P01"
    assert str(provoked.victim) in provoked.detail
    assert provoked.attempts == 1 and provoked.outcome is provoked.error
    assert deadlock_setup.counts() == (1, 1)
    (seen,) = transaction_monitor.deadlocks()
    assert set(seen.pids) == {provoked.victim, provoked.survivor}
    assert "deadlock_left" in transaction_monitor.report()
    deadlock_setup.close()
    wait_for(
        lambda: transaction_monitor.deadlocks_counted() == before + 1,
        within_s=15, what="the server has counted it",
    )  # fmt: skip


def test_a_retry_gets_through(deadlock_setup: DeadlockSetup) -> None:
    retry = ChaosInjector(seed=1).with_retry
    provoked = deadlock_setup.provoke(through=retry)
    assert (provoked.attempts, provoked.outcome) == (2, None)
    assert deadlock_setup.counts() == (2, 2)
    provoked = asyncio.run(deadlock_setup.provoke_async())
    assert provoked.sqlstate == "40P01" and deadlock_setup.counts() == (3, 3)


def test_without_the_right_to_set_it_the_servers_own_time_decides(
    isolated_schema: IsolatedSchema, db_connection_string: str
) -> None:
    role = f"{isolated_schema}_app"
    with psycopg.connect(db_connection_string, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN".encode())
        try:
            admin.execute(f"GRANT ALL ON SCHEMA {isolated_schema} TO {role}".encode())
            told = psycopg.conninfo.make_conninfo(db_connection_string, user=role)
            with DeadlockSetup(told) as setup:
                provoked = setup.provoke()
                # Nobody can say which of them: the server looks after both in the same way.
                pids = {one.info.backend_pid for one in setup.connections}
                assert {provoked.victim, provoked.survivor} == pids
                assert provoked.sqlstate == "40P01"
        finally:
            admin.execute(f"DROP OWNED BY {role}".encode())
            admin.execute(f"DROP ROLE {role}".encode())


def test_it_goes_on_when_the_server_was_gone(
    transaction_monitor: TransactionMonitor, chaos_injector: ChaosInjector, jobs: IsolatedSchema
) -> None:
    with chaos_injector.stop_server():
        wait_for(
            lambda: "did not answer" in transaction_monitor.report(), within_s=10,
            what="it has noticed",
        )  # fmt: skip
    with psycopg.connect(jobs.dsn) as line:
        pid = line.info.backend_pid
        line.execute("SELECT 1")
        wait_for(
            lambda: pid in transaction_monitor.snapshot().sessions, within_s=10, what="it sees"
        )


def test_the_session_hears_what_happened(
    request: pytest.FixtureRequest,
    deadlock_setup: DeadlockSetup,
    load_generator: LoadGenerator,
) -> None:
    deadlock_setup.provoke()
    load_generator("SELECT 1", rate=20, for_s=0.1)
    effects = ChaosSession.of(request.config).effects(request.node.nodeid)
    assert {word for word, _ in effects} == {"deadlock", "load"}


def test_the_monitor_looks_past_the_link(
    transaction_monitor: TransactionMonitor, chaos_injector: ChaosInjector
) -> None:
    with (
        pytest.raises(NoBite),
        chaos_injector.fail_statements("pg_stat_activity"),
    ):
        assert transaction_monitor.waits() == ()
