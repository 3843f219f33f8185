"""The connection or the server goes away: what was acknowledged is kept, once."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest
from psycopg import Connection
from stratum import Commit, check, commit, find_branch, history

from hormesis.testing import ChaosInjector

pytestmark = [pytest.mark.chaos, pytest.mark.transaction]


def test_a_backend_that_dies_in_the_middle_leaves_nothing(
    sync_conn: Connection, db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    with closing(psycopg.connect(db_connection_string)) as doomed:
        doomed.execute("SELECT 1")
        commit(doomed, "main", "never finished")
        chaos_injector.terminate(doomed)
        with pytest.raises(psycopg.OperationalError):
            doomed.commit()
    assert find_branch(sync_conn, "main").version == 0
    assert check(sync_conn) == []


def test_a_commit_whose_answer_was_lost_is_done_once(
    sync_conn: Connection, db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    """Nobody knows whether it was done. With a key of its own it can be said again."""
    with closing(psycopg.connect(db_connection_string)) as doomed:
        commit(doomed, "main", "pay the rent", key="rent-2031-05")
        chaos_injector.terminate(doomed)  # the client never learned that it had been done
    again = commit(sync_conn, "main", "pay the rent", key="rent-2031-05")
    assert again.version == 1
    assert [one.message for one in history(sync_conn, "main")] == ["pay the rent"]


def test_a_network_that_swallows_answers_is_survived(
    sync_conn: Connection, chaos_injector: ChaosInjector
) -> None:
    """Half of the answers are lost after the work was done; the key makes it right to try again."""

    def pay() -> Commit:
        with chaos_injector.simulate_connection_failure(probability=0.5, when="after"):
            return commit(sync_conn, "main", "pay the rent", key="rent-2031-06")

    made = chaos_injector.with_retry(pay, max_attempts=30, backoff=0.001)
    assert list(history(sync_conn, "main")) == [made]


@pytest.mark.destructive
def test_what_was_acknowledged_survives_a_crash_of_the_server(
    db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    """All its processes are killed: what it said yes to is there again, and nothing else is."""
    with psycopg.connect(db_connection_string) as conn:
        acknowledged = [commit(conn, "main", f"number {n}").stamp for n in range(20)]
    with closing(psycopg.connect(db_connection_string)) as doomed:
        doomed.execute("SELECT 1")
        commit(doomed, "main", "acknowledged to nobody")
        chaos_injector.crash_server()
        with pytest.raises(psycopg.OperationalError):
            doomed.commit()
    with psycopg.connect(db_connection_string) as conn:
        assert [one.stamp for one in history(conn, "main")] == acknowledged[::-1]
        assert check(conn) == []
