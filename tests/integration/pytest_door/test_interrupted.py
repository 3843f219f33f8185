"""A session that is interrupted ends at once, by the code that says so, and leaves nothing."""

from __future__ import annotations

import signal
from os import killpg
from pathlib import Path

import pytest

from hormesis.custodian.registry import open_runs
from tests.integration.pytest_door.project import PLAIN, begin, ended
from tests.integration.runs.world import wait_for

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("how", [pytest.param("exit", marks=pytest.mark.prove), "interrupt"])
def test_fixtures_of_the_database_are_gone_before_it_is(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("HORMESIS_STATE", str(state))
    monkeypatch.setenv("HOW", how)
    pytester.makepyfile(
        """
        import os, pathlib, threading
        import pytest
        def test_one(sync_conn, conn_pool, temp_table):
            if os.environ["HOW"] == "exit":
                pytest.exit("enough")
            pathlib.Path("reached").touch()
            threading.Event().wait(60)
        """
    )
    session = begin(pytester, *PLAIN)
    if how == "interrupt":
        wait_for((pytester.path / "reached").exists, "the test is in the middle")
        # As a terminal does: to the whole group.
        killpg(session.pid, signal.SIGINT)
    told = ended(session, within_s=30)
    assert session.returncode == pytest.ExitCode.INTERRUPTED, told
    assert "Traceback" not in told and "drop_schema" not in told, told
    assert "psycopg" not in told, told
    assert not open_runs(state)
