"""Under load: as quick with a long history as with a short one, and readers never wait."""

from __future__ import annotations

from random import Random

import psycopg
import pytest
from psycopg import Connection
from stratum import at_version, commit, create_branch, find_branch

from hormesis.testing import LoadGenerator

pytestmark = [pytest.mark.chaos, pytest.mark.load]

INSERT = (
    "INSERT INTO stratum_commit (stamp, branch, version, message) "
    "SELECT md5(n::text || %(branch)s), %(branch)s, n, 'x' FROM generate_series(1, %(commits)s) n"
)


def test_a_version_is_found_as_quickly_in_a_long_history(
    sync_conn: Connection, load_generator: LoadGenerator
) -> None:
    """Right answers that take longer and longer: only load and a large table show it."""
    typical_ms = {}
    for branch, commits in (("young", 20), ("old", 60_000)):
        create_branch(sync_conn, branch)
        sync_conn.execute(INSERT, {"branch": branch, "commits": commits})
        sync_conn.commit()

        def look_up(conn: Connection, rng: Random, branch: str = branch, n: int = commits) -> None:
            version = rng.randint(1, n)
            assert at_version(conn, branch, version).version == version

        # Open model: they come 20 times a second whether or not the last one was served, and the
        # time counts from when each was due.
        figures = load_generator(look_up, rate=20, for_s=2)
        assert figures.ok == figures.count > 0, figures
        assert figures.p50_ms is not None
        typical_ms[branch] = figures.p50_ms
    # A limit in milliseconds would be about this machine; the one against the other is about us.
    assert typical_ms["old"] < 10 * max(typical_ms["young"], 5), typical_ms


def test_readers_do_not_wait_for_a_writer(
    sync_conn: Connection, db_connection_string: str, load_generator: LoadGenerator
) -> None:
    """One long transaction writes to the branch for the whole time; all others only read it."""

    def look(conn: Connection, rng: Random) -> None:
        conn.execute("SET LOCAL lock_timeout = '500ms'")
        assert find_branch(conn, "main").version == 0

    with psycopg.connect(db_connection_string) as writer:
        writer.execute("SELECT 1")
        commit(writer, "main", "not yet done")
        figures = load_generator(look, users=3, for_s=2)
        writer.rollback()
    assert figures.ok == figures.count > 0, figures


@pytest.mark.slow
def test_many_commit_for_a_long_time(
    sync_conn: Connection, load_generator: LoadGenerator
) -> None:
    """Half a minute of commits to one branch: each that was acknowledged is there."""

    def commit_one(conn: Connection, rng: Random) -> None:
        commit(conn, "main", "under load")

    figures = load_generator(commit_one, rate=50, for_s=31)
    assert find_branch(sync_conn, "main").version == figures.ok == figures.count, figures
    assert figures.p95_ms is not None
    assert figures.p95_ms < 500, figures
