"""The injector against a real server: every fault is seen to hurt by the test itself too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from hormesis.compose.by_hand_trouble import NoBite
from hormesis.testing import ChaosInjector
from hormesis.testing.schemas import IsolatedSchema
from hormesis.words.trouble import UsageTrouble

pytestmark = pytest.mark.integration
Line = psycopg.Connection[Any]


@pytest.fixture
def jobs(isolated_schema: IsolatedSchema) -> IsolatedSchema:
    with psycopg.connect(isolated_schema.dsn) as line:
        line.execute(
            "CREATE TABLE jobs (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, about text)"
        )
        line.execute("INSERT INTO jobs SELECT g FROM generate_series(1, 20) g")
    return isolated_schema


@pytest.fixture
def app(jobs: IsolatedSchema, db_connection_string: str) -> Iterator[Callable[[], Line]]:
    """Connections as the application opens them, through the link."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            closing(psycopg.connect(db_connection_string, autocommit=True))
        )


def count(line: Line, where: str = "true") -> int:
    return int(line.execute(f"SELECT count(*) FROM jobs WHERE {where}".encode()).fetchall()[0][0])


def is_alive(line: Line) -> bool:
    try:
        line.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def test_exactly_that_backend_is_ended(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    victim, other = app(), app()
    pid = victim.info.backend_pid
    bitten = chaos_injector.terminate(victim)
    assert not is_alive(victim) and is_alive(other)
    assert f"pid {pid}" in bitten.proof
    assert chaos_injector.bites == (bitten,)
    with pytest.raises(NoBite, match="no session"):
        chaos_injector.terminate(pid)
    with pytest.raises(NoBite, match="closed"):
        chaos_injector.terminate(victim)


def test_as_many_as_asked_are_ended_and_then_all(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    lines = [app() for _ in range(5)]
    chaos_injector.terminate_random(2)
    assert sum(is_alive(one) for one in lines) == 3
    chaos_injector.terminate_mine()
    assert not any(is_alive(one) for one in lines)
    with pytest.raises(NoBite):
        chaos_injector.terminate_random()


def test_a_lock_is_held_for_the_block(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    line.execute("SET lock_timeout = '20ms'")
    with chaos_injector.hold_lock("jobs"), pytest.raises(errors.LockNotAvailable):
        count(line)
    with chaos_injector.hold_lock("jobs", where="id = 7"):
        line.execute("UPDATE jobs SET n = 1 WHERE id = 8")
        with pytest.raises(errors.LockNotAvailable):
            line.execute("UPDATE jobs SET n = 1 WHERE id = 7")
    line.execute("UPDATE jobs SET n = 1 WHERE id = 7")
    assert [act.name for act in chaos_injector.script()] == ["hold_lock"] * 2
    assert all(act.for_s for act in chaos_injector.script())


def test_an_async_test_holds_a_lock_without_stopping_its_loop(
    chaos_injector: ChaosInjector, jobs: str, db_connection_string: str
) -> None:
    async def test() -> None:
        ticking = asyncio.create_task(asyncio.sleep(0))
        async with chaos_injector.hold_lock("jobs") as bite:
            assert bite.seen and ticking.done()
            async with await psycopg.AsyncConnection.connect(db_connection_string) as line:
                await line.execute("SET lock_timeout = '20ms'")
                with pytest.raises(errors.LockNotAvailable):
                    await line.execute("SELECT * FROM jobs")

    asyncio.run(test())


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("is_prepared", [True, False])
def test_the_first_statement_that_matches_fails(
    chaos_injector: ChaosInjector, app: Callable[[], Line], *, is_open: bool, is_prepared: bool
) -> None:
    early = app()
    insert = "INSERT INTO jobs VALUES (%s)"
    if is_prepared:
        early.execute(insert, (100,), prepare=True)
    with chaos_injector.fail_statements("INSERT", "40001", "try again", first=1) as bite:
        line = early if is_open else app()
        assert count(line) >= 20
        with pytest.raises(errors.SerializationFailure, match="try again"):
            line.execute(insert, (101,), prepare=is_prepared)
        line.execute(insert, (101,), prepare=is_prepared)
    assert bite.proof.startswith("failed 1 of 2")
    assert count(line, "id = 101") == 1


def test_a_transaction_that_was_open_fails_as_one(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    line.execute("BEGIN")
    line.execute("INSERT INTO jobs VALUES (100)")
    with (
        chaos_injector.fail_statements("^commit", first=1),
        pytest.raises(errors.SerializationFailure),
    ):
        line.execute("COMMIT")
    line.execute("ROLLBACK")
    assert count(line, "id = 100") == 0


def test_a_fault_that_nothing_met_proves_nothing(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    with pytest.raises(NoBite), chaos_injector.fail_statements("DELETE"):
        count(app())
    assert chaos_injector.bites == ()


def test_statements_take_longer(chaos_injector: ChaosInjector, app: Callable[[], Line]) -> None:
    line = app()
    with chaos_injector.delay_statements("^select count", ms=60) as bite:
        count(line)
    # Not more exactly: a busy machine takes a little longer.
    assert re.fullmatch(r"delayed 1 batches by \d+ ms on average \(asked 60 to 60 ms\)", bite.proof)


def test_an_application_that_retries_survives_a_deadlock(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    line.execute("SET deadlock_timeout = '30ms'")
    with chaos_injector.deadlock("jobs", where="id = 7"):
        chaos_injector.with_retry(
            lambda: line.execute("UPDATE jobs SET n = n + 1 WHERE id = 7"), max_attempts=2
        )
    assert count(line, "n = 1") == 1
    words = {bite.word for bite in chaos_injector.bites}
    assert words == {"retry", "postgres-deadlock"}


def test_data_changed_behind_the_applications_back_is_put_back(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    wrong = "SELECT count(*) FROM jobs WHERE n < 0"
    with chaos_injector.tamper(
        "UPDATE jobs SET n = -1 WHERE id < 4", count=wrong, tables=["jobs"]
    ) as bite:
        assert count(line, "n < 0") == 3
        line.execute("UPDATE jobs SET n = 5 WHERE id = 1")
    assert "3 corrupt rows" in bite.proof
    assert (count(line, "n < 0"), count(line, "n = 5")) == (0, 1)


def test_a_crash_loses_every_connection_and_no_acknowledged_commit(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line, other = app(), app()
    line.execute("INSERT INTO jobs VALUES (100)")
    other.execute("BEGIN")
    other.execute("INSERT INTO jobs VALUES (101)")
    bitten = chaos_injector.crash_server()
    assert bitten.word == "kill" and "is gone" in bitten.proof
    assert not is_alive(line) and not is_alive(other)
    after = app()
    assert (count(after, "id = 100"), count(after, "id = 101")) == (1, 0)
    chaos_injector.restart_server()
    assert not is_alive(after)
    assert count(app()) == 21


def test_a_stopped_server_refuses_until_the_block_is_over(
    chaos_injector: ChaosInjector, app: Callable[[], Line], jobs: IsolatedSchema
) -> None:
    with chaos_injector.stop_server(), pytest.raises(psycopg.OperationalError):
        psycopg.connect(jobs.dsn, connect_timeout=2)
    assert count(app()) == 20


def test_no_slot_is_left(chaos_injector: ChaosInjector, app: Callable[[], Line]) -> None:
    with chaos_injector.exhaust_connections() as bite:
        with pytest.raises(psycopg.OperationalError, match=r"too many clients|slots are reserved"):
            app()
        assert "0 slots left" in bite.proof
    assert count(app()) == 20


def is_mounted(folder: str) -> bool:
    return f" {folder} " in Path("/proc/mounts").read_text()


def test_a_full_disk_refuses_writes_and_leaves_nothing_behind(
    chaos_injector: ChaosInjector, app: Callable[[], Line], jobs: IsolatedSchema
) -> None:
    line = app()
    more = "INSERT INTO jobs SELECT g FROM generate_series(1000, 5000) g"
    line.execute("BEGIN")
    count(line)
    with pytest.raises(UsageTrouble, match="a transaction still uses it"):
        chaos_injector.disk_full().__enter__()
    line.execute("ROLLBACK")
    with chaos_injector.disk_full() as bite:
        with pytest.raises(errors.DiskFull):
            line.execute(more)
        assert count(line) == 20
        ((tables,),) = line.execute(
            "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname LIKE 'hormesis%'"
        ).fetchall()
        volume = tables.removesuffix("/tables")
        assert is_mounted(volume)
        with psycopg.connect(jobs.dsn, autocommit=True) as new:
            new.execute("CREATE TABLE others (id int)")
            with pytest.raises(errors.DiskFull):
                new.execute("INSERT INTO others VALUES (1)")
    assert "ENOSPC" in bite.proof
    line.execute(more)
    line.execute("BEGIN")
    count(line)
    # At the end of the test nothing may be in the way, such as this open transaction.
    chaos_injector.close()
    after = app()
    assert count(after) == 4021
    spaces = "SELECT count(*) FROM pg_tablespace WHERE spcname LIKE 'hormesis%'"
    assert after.execute(spaces).fetchall() == [(0,)]
    assert not is_mounted(volume)


def test_a_server_of_the_users_is_neither_crashed_nor_filled(
    tmp_path: Path, jobs: IsolatedSchema
) -> None:
    class Theirs:
        run = None
        target = "postgres"

        def link_run(self) -> Any:
            raise NotImplementedError

        def dsn(self, database: str) -> str:
            return jobs.dsn

    theirs: Any = Theirs()
    with ChaosInjector(connection_string=jobs.dsn, server=theirs, run_dir=tmp_path) as injector:
        for act in (injector.crash_server, injector.restart_server):
            with pytest.raises(UsageTrouble, match="this one is yours"):
                act()
        for lasting in (injector.stop_server, injector.disk_full):
            with pytest.raises(UsageTrouble, match="this one is yours"):
                lasting().__enter__()
        assert injector.script() == ()
