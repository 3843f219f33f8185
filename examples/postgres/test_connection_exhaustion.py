"""No connection left: whoever waits is told so, and nothing that was lent is lost."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from stratum import Refused, Sessions, commit, create_branch

from hormesis.testing import ChaosInjector, Race, Worker

pytestmark = [pytest.mark.chaos, pytest.mark.resource]


def test_work_that_fails_gives_its_connection_back(conn_pool: ConnectionPool) -> None:
    """The leak on the path of errors: each failure takes one connection, until none is left."""
    sessions = Sessions(conn_pool, timeout_s=1)
    for _ in range(conn_pool.max_size * 2):
        with pytest.raises(Refused), sessions.session() as conn:
            commit(conn, "main", "")
    with sessions.session() as conn:
        assert commit(conn, "main", "there is one left").version == 1


def test_more_clients_than_connections_are_all_served(
    race: Race, conn_pool: ConnectionPool
) -> None:
    sessions = Sessions(conn_pool, timeout_s=20)

    def commit_one(worker: Worker) -> dict[str, object]:
        # Each on a branch of its own: this is about connections, not about who waits for a branch.
        with sessions.session() as conn:
            branch = create_branch(conn, f"branch-{worker.number}")
            return {"version": commit(conn, branch.name, "served").version}

    assert not race({"commit": commit_one}, workers=conn_pool.max_size * 4).errors


def test_a_hundred_connections_at_once(db_connection_string: str) -> None:
    """Each is a process of the server's: there is room for a hundred, and they all answer."""
    with ExitStack() as opened:
        many = [
            opened.enter_context(psycopg.connect(db_connection_string, autocommit=True))
            for _ in range(101)
        ]
        backends = {conn.execute("SELECT pg_backend_pid()").fetchone() for conn in many}
    assert len(backends) == 101


def test_the_server_has_none_left_and_then_has_again(
    db_connection_string: str, chaos_injector: ChaosInjector
) -> None:
    """A refused connection is an error that says so, at once: not a wait without end."""
    with (
        chaos_injector.exhaust_connections(),
        pytest.raises(psycopg.OperationalError, match=r"too many clients|connection slots"),
    ):
        psycopg.connect(db_connection_string, connect_timeout=5).close()
    with psycopg.connect(db_connection_string) as conn:
        assert commit(conn, "main", "and there is room again").version == 1
