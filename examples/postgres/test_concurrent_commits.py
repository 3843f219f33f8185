"""N clients commit to one branch at the same instant: no number twice, no commit lost."""

from __future__ import annotations

import pytest
from psycopg import Connection
from stratum import check, commit, find_branch, history

from hormesis.testing import Race, Worker, monotonic, never_lost, unique

pytestmark = [pytest.mark.chaos, pytest.mark.concurrent]


@pytest.mark.parametrize("workers", [2, 10, 50, 100])
def test_concurrent_commits_to_one_branch(
    race: Race, sync_conn: Connection, workers: int
) -> None:
    """The workers wait at a barrier, then all commit: a loop would hardly ever collide.

    Two may miss each other in one round, so the fewer there are, the more often they try.
    """
    rounds = 100 // workers

    def commit_one(worker: Worker) -> dict[str, object]:
        made = commit(worker.conn, "main", f"from {worker.number}")
        return {"version": made.version, "stamp": made.stamp}

    result = race({"commit": commit_one}, workers=workers, rounds=rounds)

    # None may fail either: who has to wait waits, and is not turned away.
    assert not result.errors
    kept = {one.stamp for one in history(sync_conn, "main")}
    result.must(unique("version", of="commit"), unique("stamp", of="commit"))
    result.must(never_lost("stamp", of="commit", found=kept))
    assert find_branch(sync_conn, "main").version == workers * rounds
    assert check(sync_conn) == []


def test_each_client_sees_its_own_commits_in_order(race: Race) -> None:
    """Several rounds: for one client, later commits have greater numbers."""

    def commit_one(worker: Worker) -> dict[str, object]:
        return {"version": commit(worker.conn, "main", f"from {worker.number}").version}

    result = race({"commit": commit_one}, workers=4, rounds=10)
    result.must(monotonic("version", of="commit"), unique("version", of="commit"))
