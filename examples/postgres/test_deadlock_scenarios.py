"""Deadlocks: what the server does about one, how to survive it, and how to have none."""

from __future__ import annotations

import pytest
from psycopg import Connection, errors
from stratum import commit, create_branch, merge, retrying

from hormesis.testing import DeadlockSetup, Race, Worker

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]


def test_a_deadlock_is_detected_and_one_of_two_is_told(deadlock_setup: DeadlockSetup) -> None:
    """PostgreSQL ends a deadlock by itself: one transaction is undone, the other goes on."""
    provoked = deadlock_setup.provoke()
    assert provoked.error.sqlstate == "40P01"
    assert provoked.victim != provoked.survivor
    assert isinstance(provoked.outcome, errors.DeadlockDetected)  # nobody tried again


def test_who_was_undone_tries_again_and_succeeds(
    sync_conn: Connection, deadlock_setup: DeadlockSetup
) -> None:
    """The same deadlock, and the victim's transaction goes through the library's retry."""
    provoked = deadlock_setup.provoke(lambda work: retrying(sync_conn, lambda conn: work()))
    assert provoked.attempts == 2
    assert provoked.outcome is None


def test_merges_in_opposite_directions_do_not_wait_for_each_other(
    race: Race, sync_conn: Connection
) -> None:
    """Two locks in two orders are a deadlock that waits for its day; in one order there is none."""
    create_branch(sync_conn, "dev")
    for branch in ("main", "dev"):
        commit(sync_conn, branch, "something to merge")

    def merge_one(worker: Worker) -> dict[str, object]:
        there_or_back = ("dev", "main") if worker.number % 2 else ("main", "dev")
        return {"stamp": merge(worker.conn, *there_or_back).stamp}

    result = race({"merge": merge_one}, workers=8, rounds=4)
    assert not result.errors  # not: they were resolved. There were none
