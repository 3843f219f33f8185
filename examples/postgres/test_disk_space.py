"""The disk is full: the server says so, and nobody is told that anything was kept."""

from __future__ import annotations

import pytest
from psycopg import Connection, errors
from stratum import check, commit, find_branch

from hormesis.testing import ChaosInjector

pytestmark = [pytest.mark.chaos, pytest.mark.resource]


def test_a_full_disk_is_not_a_success(
    sync_conn: Connection, chaos_injector: ChaosInjector
) -> None:
    """The answer that a full disk gives (53100), on the wire, without filling any."""
    with (
        chaos_injector.fail_statements("INSERT INTO stratum_commit", sqlstate="53100"),
        pytest.raises(errors.DiskFull),
    ):
        commit(sync_conn, "main", "no room for this")
    assert find_branch(sync_conn, "main").version == 0
    assert commit(sync_conn, "main", "room again").version == 1
    assert check(sync_conn) == []


@pytest.mark.destructive
def test_a_disk_that_is_really_full(sync_conn: Connection, chaos_injector: ChaosInjector) -> None:
    """The tables lie on a small volume for as long as this takes, and that has no room left."""
    commit(sync_conn, "main", "before")
    large = chaos_injector.rng.randbytes(1_000_000).hex()  # what is drawn cannot be compressed away
    with chaos_injector.disk_full(), pytest.raises(errors.DiskFull):
        commit(sync_conn, "main", large)
    assert find_branch(sync_conn, "main").version == 1
    assert commit(sync_conn, "main", "after").version == 2
    assert check(sync_conn) == []
