"""Somebody changes the schema by hand: the records know how it was."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import Finding, check, define

pytestmark = [pytest.mark.chaos, pytest.mark.corruption]


@pytest.mark.parametrize(
    "by_hand",
    [
        "ALTER TABLE orders ADD COLUMN discount integer",
        "ALTER TABLE orders DROP COLUMN price",
        "ALTER TABLE orders RENAME COLUMN price TO cost",
        "ALTER TABLE orders ALTER COLUMN price TYPE numeric(12,2)",
        "ALTER TABLE orders RENAME TO old_orders",
        "DROP TABLE orders",
    ],
)
def test_a_change_behind_the_back_is_found(sync_conn: Connection, by_hand: str) -> None:
    define(sync_conn, "main", "orders", [("id", "integer"), ("price", "numeric(10,2)")])
    define(sync_conn, "main", "untouched", [("id", "integer")])
    assert check(sync_conn) == []
    sync_conn.execute(by_hand)
    # That one, and no other: a check that cries at everything is as blind as one that never does.
    assert [(one.kind, one.subject) for one in check(sync_conn)] == [("drift", "orders")]


def test_a_table_that_nobody_asked_to_keep_is_nobodys_business(sync_conn: Connection) -> None:
    sync_conn.execute("CREATE TABLE scratch (id integer)")
    assert check(sync_conn) == []


def test_a_recorded_shape_that_was_altered_is_drift_too(sync_conn: Connection) -> None:
    """From the records alone nobody can tell which of the two is right: only that they differ."""
    define(sync_conn, "main", "orders", [("id", "integer")])
    sync_conn.execute("UPDATE stratum_table SET shape = '[]'")
    assert check(sync_conn) == [Finding("drift", "orders", "differs from its record")]
