"""Races on a real PostgreSQL: what it refuses is told apart from what nobody knows."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg import Connection, IsolationLevel

from hormesis.strategies.programs import Operation, Program
from hormesis.testing import (
    ClaimsBroken,
    Race,
    RaceResult,
    RaceTimeout,
    Worker,
    bank_total,
    counter,
    exactly_once,
    race_async,
    unique,
)
from hormesis.testing.racing import AsyncWorker
from hormesis.words.op import Ended

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("pytest_door")]


@pytest.fixture
def tables(sync_conn: Connection) -> Connection:
    sync_conn.execute("CREATE TABLE numbers (n int, request text)")
    sync_conn.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int)")
    sync_conn.execute("INSERT INTO accounts SELECT n, 100 FROM generate_series(1, 4) n")
    sync_conn.commit()
    return sync_conn


def careless(worker: Worker) -> dict[str, int]:
    """Take the next number by looking first: two that look at once get the same."""
    row = worker.conn.execute("SELECT coalesce(max(n), 0) + 1 FROM numbers").fetchone()
    assert row is not None
    worker.meet()
    worker.conn.execute("INSERT INTO numbers VALUES (%s)", row)
    return {"n": row[0]}


def careful(worker: Worker) -> dict[str, int]:
    """Take it under a lock."""
    worker.conn.execute("LOCK TABLE numbers IN EXCLUSIVE MODE")
    row = worker.conn.execute(
        "INSERT INTO numbers SELECT coalesce(max(n), 0) + 1 FROM numbers RETURNING n"
    ).fetchone()
    assert row is not None
    return {"n": row[0]}


def test_a_lost_race_is_found_and_a_locked_one_holds(race: Race, tables: Connection) -> None:
    with pytest.raises(ClaimsBroken, match="N 1 was given 8 times"):
        race(careless, workers=8).must(unique("n", of="careless"))
    tables.execute("TRUNCATE numbers")
    tables.commit()
    result = race(careful, workers=8, rounds=3)
    found = [row[0] for row in tables.execute("SELECT n FROM numbers")]
    result.must(
        unique("n", of="careful"),
        exactly_once("n", of="careful", found=found),
        counter(added_by="careful", found=len(found)),
    )
    assert sorted(result.values, key=lambda one: one["n"]) == [{"n": n} for n in range(1, 25)]


def test_an_operation_is_one_transaction_and_its_commit_is_part_of_it(
    race: Race, tables: Connection
) -> None:
    def write_skew(worker: Worker) -> None:
        worker.conn.isolation_level = IsolationLevel.SERIALIZABLE
        worker.conn.execute("SELECT sum(balance) FROM accounts").fetchall()
        worker.meet()
        worker.conn.execute(
            "UPDATE accounts SET balance = balance - 1 WHERE id = %s", [worker.number + 1]
        )

    result = race(write_skew, workers=4)
    ends = sorted((op.outcome, op.error) for op in result.history.ops)
    assert (Ended.OK, "") in ends
    assert (Ended.FAIL, "40001") in ends
    row = tables.execute("SELECT sum(balance) FROM accounts").fetchone()
    assert row == (400 - ends.count((Ended.OK, "")),)


def test_a_terminated_worker_ends_info_and_connects_again(race: Race, tables: Connection) -> None:
    def act(worker: Worker) -> None:
        if worker.round == 0 and worker.number == 0:
            worker.conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        worker.conn.execute("SELECT 1")

    result = race(act, workers=3, rounds=2)
    ends = [(op.outcome, op.error) for op in result.history.ops if op.outcome is not Ended.OK]
    assert ends == [(Ended.INFO, "57P01")]
    assert len(result.history.ops) == 6


def test_a_drawn_program_is_raced(race: Race, tables: Connection) -> None:
    def put(worker: Worker, *, n: int) -> dict[str, int]:
        worker.conn.execute("INSERT INTO numbers VALUES (%s)", (n,))
        worker.conn.commit()
        return {"put": n}

    program = Program(
        (
            (Operation("put", {"n": 1}), Operation("put", {"n": 2})),
            (Operation("put", {"n": 3}),),
        )
    )
    result = race(program.as_race({"put": put}), workers=len(program.clients))
    assert not result.errors
    assert sorted(str(op.value["put"]) for op in result.history.ops) == ["1", "2", "3"]
    found = tables.execute("SELECT n FROM numbers ORDER BY n").fetchall()
    assert found == [(1,), (2,), (3,)]
    with pytest.raises(ValueError, match="no function for put"):
        program.as_race({})


def test_half_a_transfer_is_seen(race: Race, tables: Connection) -> None:
    def transfer(worker: Worker) -> None:
        worker.conn.execute("UPDATE accounts SET balance = balance - 9 WHERE id = 1")
        worker.conn.commit()
        worker.meet()
        worker.meet()
        worker.conn.execute("UPDATE accounts SET balance = balance + 9 WHERE id = 2")

    def read(worker: Worker) -> dict[str, list[int]]:
        worker.meet()
        rows = worker.conn.execute("SELECT balance FROM accounts ORDER BY id").fetchall()
        worker.meet()
        return {"balances": [balance for (balance,) in rows]}

    with pytest.raises(ClaimsBroken, match="the total is 391, 9 too little"):
        race([transfer, read], workers=2).must(bank_total(400, of="read"))


def test_a_worker_that_hangs_in_a_statement_is_named_and_freed(
    race: Race, tables: Connection
) -> None:
    def act(worker: Worker) -> None:
        worker.conn.execute("SELECT 1" if worker.number else "SELECT pg_sleep(600)")

    with pytest.raises(RaceTimeout, match=r"1 of 3 workers .* worker 0 at test_race_on_postgres"):
        race(act, workers=3, timeout_s=1)
    row = tables.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'"
        " AND pid <> pg_backend_pid() AND state = 'active'"
    ).fetchone()
    assert row == (0,)


def test_coroutines_race_on_connections_of_their_own(
    tables: Connection, db_connection_string: str
) -> None:
    async def insert(worker: AsyncWorker) -> dict[str, int]:
        await worker.meet()
        await worker.conn.execute("INSERT INTO numbers VALUES (%s)", [worker.number])
        return {"n": worker.number}

    async def main() -> RaceResult:
        return await race_async(insert, workers=10, dsn=db_connection_string)

    result = asyncio.run(main())
    found = [row[0] for row in tables.execute("SELECT n FROM numbers")]
    result.must(exactly_once("n", of="insert", found=found))
    assert not [one for one in result.errors if isinstance(one, psycopg.Error)]
