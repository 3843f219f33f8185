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

from hormesis.compose.by_hand_trouble import EndedEarly, NeverEntered, NoBite
from hormesis.testing import ChaosInjector
from hormesis.testing.schemas import IsolatedSchema
from hormesis.testing.server import Server
from hormesis.testing.session import ChaosSession
from hormesis.words.trouble import Trouble, UsageTrouble

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
        with pytest.raises(UsageTrouble, match=r"this server, which is yours.*whole_server=True"):
            injector.exhaust_connections().__enter__()
        assert injector.script() == ()
        with injector.exhaust_connections(whole_server=True) as bite:
            assert "0 slots left" in bite.proof
        (played,) = injector.script()
        assert played.fields == {"leave": 0, "whole_server": True}


def test_a_lock_that_ends_before_its_block_fails_it(
    chaos_injector: ChaosInjector, app: Callable[[], Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hormesis.testing.injector.reach.LASTS", "1s")
    line = app()
    told = r"ended by its limit of 1s before the block did"
    with pytest.raises(EndedEarly, match=told), chaos_injector.hold_lock("jobs"):
        count(line)  # it waits until the lock is gone


def test_a_lock_is_gone_when_the_server_crashed(
    chaos_injector: ChaosInjector, app: Callable[[], Line], request: pytest.FixtureRequest
) -> None:
    with chaos_injector.hold_lock("jobs"):
        chaos_injector.crash_server()  # the test's own doing, so it is no failure
    server: Server = ChaosSession.of(request.config).server()
    crash = server.run
    assert crash is not None
    told = "was lost|did not last|lost and taken again"
    try:
        with chaos_injector.hold_lock("jobs") as bite:
            crash.hit("kill", server.target, tree=True)
            server.came_back()
    except NoBite as error:
        assert re.search(told, str(error))
    else:
        assert re.search(told, bite.proof)


def test_what_our_own_lock_is_in_the_way_of_is_told_at_once(
    chaos_injector: ChaosInjector, jobs: IsolatedSchema
) -> None:
    with chaos_injector.hold_lock("jobs"):
        with pytest.raises(UsageTrouble, match="a lock of the injector is on it"):
            chaos_injector.disk_full().__enter__()
        with pytest.raises(UsageTrouble, match="you hold a lock on jobs already"):
            chaos_injector.hold_lock("jobs", where="id = 1").__enter__()


def test_what_was_never_entered_is_told_at_the_end(
    tmp_path: Path, db_connection_string: str
) -> None:
    injector = ChaosInjector(connection_string=db_connection_string, run_dir=tmp_path)
    injector.hold_lock("jobs")
    injector.nemesis(["terminate_mine"])
    told = r"hold_lock\('jobs'\) at test_injector\.py:\d+; nemesis\(…\) at .* never entered"
    with pytest.raises(NeverEntered, match=told):
        injector.close()
    injector.close()


def test_what_cannot_bite_is_told_in_words(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    with pytest.raises(Trouble, match=r'\): relation "jibs" does not exist'):
        chaos_injector.hold_lock("jibs").__enter__()
    with pytest.raises(Trouble, match=r"\): jobs has no row to lock that meets 'id < 0'; INSERTs"):
        chaos_injector.deadlock("jobs", where="id < 0").__enter__()
    told = r"no statement matched '\^insrt'; 2 others passed by, the last: .*SELECT count"
    with pytest.raises(NoBite, match=told), chaos_injector.fail_statements("^insrt"):
        line.execute("SELECT 1")
        count(line)
    with pytest.raises(NoBite, match=told), chaos_injector.delay_statements("^insrt"):
        line.execute("SELECT 1", prepare=True)
        count(line)
    with pytest.raises(Trouble, match="five characters, digits and capital letters"):
        chaos_injector.fail_statements(sqlstate="deadlock").__enter__()
    with pytest.raises(ValueError, match="expected ms above 0, found -1"):
        chaos_injector.delay_statements(ms=-1)


def test_a_statement_that_is_still_held_has_been_delayed(
    chaos_injector: ChaosInjector, app: Callable[[], Line]
) -> None:
    line = app()
    with chaos_injector.delay_statements("^select", ms=30_000) as bite:
        line.pgconn.send_query(b"SELECT 1")
        assert bite.wait()
    assert re.match(r"holds batches of 1 connections back for \d+ ms so far", bite.proof)
