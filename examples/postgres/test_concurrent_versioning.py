"""Many clients raise one number: each gets its own, and the sum is right."""

from __future__ import annotations

import pytest
from psycopg import AsyncConnection, Connection
from stratum import add_column, changes_of, check, define, recorded, touch

from hormesis.testing import Race, Worker, unique
from hormesis.testing.racing import AsyncWorker

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]


def test_no_two_clients_get_the_same_version(
    race: Race, sync_conn: Connection, num_workers: int
) -> None:
    """The lost update: two read 7, both write 8. No constraint notices, only the history does."""
    define(sync_conn, "main", "orders", [("id", "integer")])

    def raise_version(worker: Worker) -> dict[str, object]:
        return {"version": touch(worker.conn, "orders")}

    result = race({"touch": raise_version}, workers=num_workers, rounds=5)
    result.must(unique("version", of="touch"))
    assert touch(sync_conn, "orders") == num_workers * 5 + 1


def test_concurrent_changes_of_one_table_are_all_kept(
    race: Race, sync_conn: Connection
) -> None:
    define(sync_conn, "main", "wide", [("id", "integer")])

    def add(worker: Worker) -> dict[str, object]:
        return {"stamp": add_column(worker.conn, "main", "wide", f"c{worker.number}", "text").stamp}

    result = race({"add column": add}, workers=8)
    assert not result.errors
    assert {name for name, _ in recorded(sync_conn, "wide")} == {"id", *(f"c{n}" for n in range(8))}
    assert len(changes_of(sync_conn, "wide")) == 1 + 8
    assert check(sync_conn) == []


async def test_tasks_of_one_event_loop_race_as_well(
    race: Race, async_conn: AsyncConnection, num_workers: int
) -> None:
    """Each await is a place where another task may go on: no threads are needed to lose an update.

    The library is synchronous; this part of the application speaks to its tables itself.
    """
    await async_conn.execute("INSERT INTO stratum_table VALUES ('orders', 'a stamp', '[]')")
    await async_conn.commit()
    raise_ = "UPDATE stratum_table SET version = version + 1 RETURNING version"

    async def raise_version(worker: AsyncWorker) -> dict[str, object]:
        row = await (await worker.conn.execute(raise_)).fetchone()
        assert row is not None
        return {"version": row[0]}

    result = await race.run_async({"touch": raise_version}, workers=num_workers, rounds=3)
    result.must(unique("version", of="touch"))
    last = await (await async_conn.execute("SELECT version FROM stratum_table")).fetchone()
    assert last == (num_workers * 3,)
