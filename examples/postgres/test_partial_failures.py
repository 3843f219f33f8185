"""Some of it fails: the rest is done, and of what failed nothing remains."""

from __future__ import annotations

import pytest
from psycopg import Connection, errors
from stratum import Commit, Refused, check, commit, commit_many, find_branch, history

from hormesis.testing import ChaosInjector

pytestmark = [pytest.mark.chaos, pytest.mark.transaction]


def test_a_refused_one_of_many_leaves_nothing(sync_conn: Connection) -> None:
    """The hook refuses after the commit was written: only a savepoint takes it back."""

    def no_swearing(made: Commit) -> None:
        if "damn" in made.message:
            raise Refused("mind your language")

    made, refused = commit_many(sync_conn, "main", ["one", "damn", "two"], no_swearing)
    assert refused == [("damn", "mind your language")]
    assert [(one.version, one.message) for one in made] == [(1, "one"), (2, "two")]
    assert list(history(sync_conn, "main")) == made[::-1]
    assert check(sync_conn) == []


def test_the_second_of_two_statements_fails(
    sync_conn: Connection, chaos_injector: ChaosInjector
) -> None:
    """A commit is two statements: where the second fails, not even the first is kept."""
    with (
        chaos_injector.fail_statements("UPDATE stratum_branch", sqlstate="57014"),
        pytest.raises(errors.QueryCanceled),
    ):
        commit(sync_conn, "main", "half")
    assert find_branch(sync_conn, "main").version == 0
    assert list(history(sync_conn, "main")) == []
    assert commit(sync_conn, "main", "whole").version == 1
