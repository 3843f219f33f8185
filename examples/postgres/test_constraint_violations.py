"""Constraints hold where code forgets: what must not be, the table itself refuses."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import Connection, errors
from stratum import Refused, check, commit, find_branch

pytestmark = [pytest.mark.chaos, pytest.mark.transaction]

INSERT = "INSERT INTO stratum_commit (stamp, branch, version, parent, message) "


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (("a", "nowhere", 2, None, "x"), errors.ForeignKeyViolation),
        (("b", "main", 2, "no such commit", "x"), errors.ForeignKeyViolation),
        (("c", "main", 1, None, "x"), errors.UniqueViolation),
        (("d", "main", 0, None, "x"), errors.CheckViolation),
        (("e", "main", 2, None, ""), errors.CheckViolation),
        (("f", "main", 2, None, None), errors.NotNullViolation),
    ],
    ids=["branch", "parent", "version twice", "version zero", "no message", "null message"],
)
def test_the_table_refuses(
    sync_conn: Connection, values: tuple[object, ...], error: type[psycopg.Error]
) -> None:
    """Written past the library, as a script in a hurry would."""
    commit(sync_conn, "main", "the first")
    with pytest.raises(error):
        sync_conn.execute(INSERT + "VALUES (%s, %s, %s, %s, %s)", values)
    # The error ends the transaction; after the rollback all is as before, and work goes on.
    sync_conn.rollback()
    assert commit(sync_conn, "main", "the second").version == 2
    assert check(sync_conn) == []


@pytest.mark.parametrize("message", ["", "a\0b"])
def test_the_library_says_no_before_the_server_does(sync_conn: Connection, message: str) -> None:
    with sync_conn.transaction():
        with pytest.raises(Refused):
            commit(sync_conn, "main", message)
        commit(sync_conn, "main", "the transaction is still good")
    assert find_branch(sync_conn, "main").version == 1
