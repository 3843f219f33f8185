"""Somebody edits the records: stamps no longer fit, references lead nowhere, numbers are gone."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import check, commit, create_branch

pytestmark = [pytest.mark.chaos, pytest.mark.corruption]


def kinds(conn: Connection) -> set[tuple[str, str]]:
    return {(one.kind, one.subject) for one in check(conn)}


def unguarded(conn: Connection) -> None:
    """Take the constraints away that would not let a hand do this: backups restored in part do."""
    conn.execute("ALTER TABLE stratum_commit DROP CONSTRAINT IF EXISTS stratum_parent")
    conn.execute("ALTER TABLE stratum_commit DROP CONSTRAINT IF EXISTS stratum_merged")


@pytest.mark.parametrize(
    "edit",
    ["message = 'something else'", "merged = parent", "key = 'a key'", "version = 7"],
)
def test_an_altered_commit_no_longer_fits_its_stamp(sync_conn: Connection, edit: str) -> None:
    """The stamp is computed from the content: whoever alters one would have to alter all after."""
    made = [commit(sync_conn, "main", text) for text in ("one", "two", "three")]
    sync_conn.execute(f"UPDATE stratum_commit SET {edit} WHERE stamp = %s", (made[1].stamp,))
    assert ("false stamp", made[1].stamp) in kinds(sync_conn)


def test_a_parent_that_is_gone_is_missed(sync_conn: Connection) -> None:
    """A branch that has a commit, and one that has none yet, stand on one that is no more."""
    gone = commit(sync_conn, "main", "gone")
    for name in ("child", "newborn"):
        assert create_branch(sync_conn, name).head == gone.stamp
    orphan = commit(sync_conn, "child", "orphan")
    unguarded(sync_conn)
    sync_conn.execute("DELETE FROM stratum_commit WHERE stamp = %s", (gone.stamp,))
    missed = {("dangling parent", orphan.stamp), ("dangling head", "newborn")}
    assert missed <= kinds(sync_conn)


def test_a_commit_that_is_lost_from_the_middle_is_missed(sync_conn: Connection) -> None:
    made = [commit(sync_conn, "main", text) for text in ("one", "two", "three")]
    unguarded(sync_conn)
    sync_conn.execute("DELETE FROM stratum_commit WHERE stamp = %s", (made[1].stamp,))
    assert ("lost commit", "main") in kinds(sync_conn)


@pytest.mark.parametrize("edit", ["version = 1", "head = NULL", "version = 99"])
def test_a_head_that_was_moved_is_found(sync_conn: Connection, edit: str) -> None:
    for text in ("one", "two"):
        commit(sync_conn, "main", text)
    sync_conn.execute(f"UPDATE stratum_branch SET {edit} WHERE name = 'main'")
    assert kinds(sync_conn) == {("stale head", "main")}
