"""Many clients raise one number: each gets its own, and the sum is right."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import add_column, changes_of, check, define, recorded, touch

from hormesis.testing import Race, Worker, unique

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]


def test_no_two_clients_get_the_same_version(
    race: Race, sync_conn: Connection, num_workers: int
) -> None:
    """The lost update: two read 7, both write 8. No constraint notices, only the history does."""
    define(sync_conn, "main", "orders", [("id", "integer")])

    def raise_version(worker: Worker) -> dict[str, object]:
        with worker.conn.transaction():
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
