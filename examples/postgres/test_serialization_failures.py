"""Strict isolation: the server refuses what it cannot put in an order, and whoever lost repeats."""

from __future__ import annotations

import pytest
from psycopg import Connection, IsolationLevel, errors
from stratum import define, retrying, touch

from hormesis.testing import Race, Worker, unique

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]
STRICT = [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]


@pytest.mark.parametrize("level", STRICT, ids=lambda level: level.name.lower())
def test_losers_try_again_until_all_are_done(
    race: Race, sync_conn: Connection, level: IsolationLevel
) -> None:
    define(sync_conn, "main", "orders", [("id", "integer")])

    def raise_version(worker: Worker) -> dict[str, object]:
        worker.conn.isolation_level = level
        # Of those who meet, one wins each time: with n workers somebody loses n - 1 times.
        raised = retrying(worker.conn, lambda c: touch(c, "orders"), attempts=30, rng=worker.rng)
        return {"version": raised}

    result = race({"touch": raise_version}, workers=6, rounds=3)
    assert not result.errors
    result.must(unique("version", of="touch"))
    assert touch(sync_conn, "orders") == 6 * 3 + 1


@pytest.mark.parametrize("level", STRICT, ids=lambda level: level.name.lower())
def test_without_retry_somebody_loses(
    race: Race, sync_conn: Connection, level: IsolationLevel
) -> None:
    """The test above means something only if there are failures to survive: here they are."""
    define(sync_conn, "main", "orders", [("id", "integer")])

    def raise_version(worker: Worker) -> dict[str, object]:
        worker.conn.isolation_level = level
        with worker.conn.transaction():
            worker.conn.execute("SELECT version FROM stratum_table")  # the snapshot is taken here
            worker.meet()  # all have theirs before anybody writes
            return {"version": touch(worker.conn, "orders")}

    result = race({"touch": raise_version}, workers=4)
    assert [type(error) for error in result.errors] == [errors.SerializationFailure] * 3


def test_retrying_refuses_to_repeat_half_a_transaction(sync_conn: Connection) -> None:
    sync_conn.execute("SELECT 1")  # a transaction is open: what came before would not be repeated
    with pytest.raises(ValueError, match="in no transaction"):
        retrying(sync_conn, lambda conn: None)
