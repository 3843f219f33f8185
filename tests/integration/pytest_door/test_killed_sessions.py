"""A session that is killed leaves nothing behind, and disturbs no other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hormesis.custodian.registry import open_runs
from hormesis.testing.options import Options
from hormesis.testing.server import Server
from tests.integration.pytest_door.project import PLAIN, begin, ended, lines_of
from tests.integration.runs.world import wait_for

pytest_plugins = ["pytester"]
OPTIONS = Options(
    database="", postgres="", pool_size=2, workers=2, isolation="schema",
    transaction_isolation="", seed=1, run_dir=Path(), allow_unknown=False, recover=False,
    report=None, last=10, template="", rootdir=Path(),
)  # fmt: skip
TESTS = """
import os, pathlib, select, signal
import pytest

def test_writes(sync_conn, temp_table, chaos_injector):
    sync_conn.execute(f"INSERT INTO {temp_table} (name) VALUES ('a')")
    sync_conn.commit()
    pid, = sync_conn.execute("SELECT pg_backend_pid()").fetchone()
    print("database", sync_conn.info.dbname, flush=True)
    print("data", *sync_conn.execute("SHOW data_directory").fetchone(), flush=True)

def test_in_the_middle(sync_conn, temp_table, tmp_path):
    here = pathlib.Path("killed" if os.environ.get("KILLED") else "other")
    here.touch()
    if os.environ.get("KILLED"):
        os.kill(os.getpid(), signal.SIGKILL)
    with pytest.MonkeyPatch.context():
        waited = select.poll()
        while not pathlib.Path("go on").exists():
            waited.poll(50)
    assert sync_conn.execute(f"SELECT count(*) FROM {temp_table}").fetchone() == (0,)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that several sessions share, as a user's would be."""
    made = Server(OPTIONS, tmp_path / "server", 1, dict(os.environ))
    made.start()
    yield made
    made.close()


def databases(server: Server) -> set[str]:
    with psycopg.connect(server.dsn()) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^hormesis_'")
        return {str(name) for (name,) in rows}


def test_killed_in_the_middle_on_its_own_server(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("HORMESIS_STATE", str(state))
    pytester.makepyfile(TESTS)
    monkeypatch.setenv("KILLED", "1")
    killed = begin(pytester, *PLAIN, "-s")
    told = ended(killed)
    assert killed.returncode == -9
    (data,) = lines_of(told.replace(".database", "database"), "data ")
    # The custodian outlives pytest, and puts back what that has begun.
    wait_for(lambda: not open_runs(state), "no run is open any more")
    assert not Path(data).exists()
    monkeypatch.delenv("KILLED")
    (pytester.path / "go on").touch()
    pytester.runpytest_subprocess(*PLAIN).assert_outcomes(passed=2)


@pytest.mark.prove
def test_killed_in_the_middle_beside_another_on_one_server(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(TESTS)
    arguments = (*PLAIN, "-s", f"--chaos-database={server.dsn()}")
    other = begin(pytester, *arguments)
    wait_for((pytester.path / "other").exists, "the other session is in the middle")
    (of_other,) = databases(server)
    monkeypatch.setenv("KILLED", "1")
    killed = begin(pytester, *arguments)
    ended(killed)
    assert killed.returncode == -9
    left = databases(server) - {of_other}
    assert len(left) == 1, "the killed session could not drop its database"
    monkeypatch.delenv("KILLED")
    (pytester.path / "go on").touch()
    told = ended(other)
    assert other.returncode == 0, told
    third = begin(pytester, *arguments)
    told = ended(third)
    assert third.returncode == 0, told
    assert databases(server) == set()
