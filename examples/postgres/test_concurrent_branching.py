"""All create the same branch: one does, the others are told that it is there."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import BranchExists, check, commit, create_branch, find_branch

from hormesis.testing import Race, Worker

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]


def test_exactly_one_creates_the_branch(
    race: Race, sync_conn: Connection, num_workers: int
) -> None:
    """To look first and insert then is a race: two look, both see nothing, both insert."""

    def create(worker: Worker) -> dict[str, object]:
        try:
            create_branch(worker.conn, "release")
        except BranchExists:
            return {"created": False}
        return {"created": True}

    result = race({"create": create}, workers=num_workers)
    assert not result.errors
    assert sum(one["created"] for one in result.values) == 1


def test_a_branch_that_is_created_while_others_commit_starts_at_a_real_commit(
    race: Race, sync_conn: Connection
) -> None:
    commit(sync_conn, "main", "the first")

    def commit_one(worker: Worker) -> dict[str, object]:
        return {"head": commit(worker.conn, "main", f"from {worker.number}").stamp}

    def fork(worker: Worker) -> dict[str, object]:
        return {"head": create_branch(worker.conn, f"fork-{worker.number}").head}

    result = race({"commit": commit_one, "fork": fork}, workers=8)
    assert not result.errors
    assert check(sync_conn) == []
    assert find_branch(sync_conn, "main").version >= 1
