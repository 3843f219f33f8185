"""All or nothing: what an error leaves behind is what was there before."""

from __future__ import annotations

import pytest
from psycopg import Connection, errors
from stratum import (
    add_column,
    changes_of,
    commit,
    define,
    find_branch,
    history,
    recorded,
)

pytestmark = [pytest.mark.chaos, pytest.mark.transaction]


def test_an_error_undoes_everything_since_the_beginning(sync_conn: Connection) -> None:
    """PostgreSQL rolls back tables too: that makes a versioned schema possible at all."""
    commit(sync_conn, "main", "before")
    with pytest.raises(ZeroDivisionError), sync_conn.transaction():
        define(sync_conn, "main", "orders", [("id", "integer")])
        commit(sync_conn, "main", "after")
        raise ZeroDivisionError
    assert [one.message for one in history(sync_conn, "main")] == ["before"]
    assert sync_conn.execute("SELECT to_regclass('orders')").fetchone() == (None,)


def test_a_change_and_its_commit_are_one(sync_conn: Connection) -> None:
    """The record is written first; when the change then fails, the record must go with it."""
    define(sync_conn, "main", "orders", [("id", "integer")])
    with pytest.raises(errors.UndefinedObject):
        add_column(sync_conn, "main", "orders", "price", "no_such_type")
    assert find_branch(sync_conn, "main").version == 1
    assert len(changes_of(sync_conn, "orders")) == 1
    assert recorded(sync_conn, "orders") == [["id", "integer"]]


def test_a_stamp_is_the_same_after_a_rollback(sync_conn: Connection) -> None:
    """Numbers from a sequence have gaps after a rollback; computed ids and versions have none."""
    with sync_conn.transaction(force_rollback=True):
        undone = commit(sync_conn, "main", "once more")
    assert commit(sync_conn, "main", "once more") == undone


def test_a_savepoint_undoes_only_its_own(sync_conn: Connection) -> None:
    with sync_conn.transaction():
        commit(sync_conn, "main", "kept")
        with sync_conn.transaction(force_rollback=True):
            commit(sync_conn, "main", "undone")
    assert [one.message for one in history(sync_conn, "main")] == ["kept"]
