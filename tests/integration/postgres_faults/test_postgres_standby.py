"""Replication faults need a primary and a standby of their own, which takes some seconds."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hormesis.faults.postgres_replication_conflict import PostgresReplicationConflict
from hormesis.faults.postgres_replication_lag import PostgresReplicationLag
from hormesis.words.target import Target
from tests.integration.postgres_faults.played import Played
from tests.proving_ground.programs import Postgres, free_port
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.prove
SETTINGS = ("max_standby_streaming_delay", "hot_standby_feedback")
PROGRAM = Path(__file__).parents[2] / "proof" / "standby.py"


class Pair:
    """A primary with a standby, both running."""

    def __init__(self, directory: Path) -> None:
        self.primary = Postgres(directory)
        self.primary.start()
        self.primary.execute(
            "CREATE TABLE jobs AS SELECT g AS id, 0 AS n FROM generate_series(1, 1000) g"
        )
        port = free_port()
        self.dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._data = directory / "standby"
        command = [sys.executable, str(PROGRAM), str(self._data)]
        with (directory / "standby.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.primary.port), str(port)], stdout=log, stderr=log,
                env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        wait_for(self._answers, within_s=30, what="the standby answers")

    def _answers(self) -> bool:
        try:
            return self.ask("SELECT count(*) FROM jobs") == 1000
        except psycopg.Error:
            return False

    def ask(self, query: str) -> Any:
        """Ask the standby for one value."""
        with psycopg.connect(self.dsn, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row[0] if row else None

    def stop(self) -> None:
        """Stop both and remove what lies elsewhere."""
        self.process.terminate()
        self.process.kill()
        self.process.wait(10)
        if self._data.is_symlink():
            subprocess.run(["rm", "-rf", str(self._data.readlink())], check=True)
        self.primary.discard()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"))
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def written_to(pair: Pair) -> Iterator[None]:
    """Keep writing to the primary."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.1):
            pair.primary.execute("UPDATE jobs SET n = n + 1 WHERE id <= 100")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()


@pytest.mark.parametrize("delay", ["0s", "2s"])
def test_the_standby_falls_behind_and_catches_up(pair: Pair, delay: str) -> None:
    fault = PostgresReplicationLag.model_validate({"delay": delay})
    with ExitStack() as stack:
        played = Played(fault, Target("standby", postgres=pair.dsn))
        stack.callback(played.kill)
        former = pair.ask("SHOW recovery_min_apply_delay")
        stack.enter_context(written_to(pair))
        played.do()
        assert "that it has not replayed" in played.proof()
        played.undo()
        stack.pop_all().close()
        assert "has replayed all but 0 bytes" in played.healed()
    assert pair.ask("SHOW recovery_min_apply_delay") == former
    assert pair.ask("SELECT pg_is_wal_replay_paused()") is False


@pytest.mark.parametrize("how", ["vacuum", "lock"])
def test_the_standby_cancels_queries(pair: Pair, how: str) -> None:
    fault = PostgresReplicationConflict.model_validate(
        {"primary": pair.primary.dsn(), "tables": ["jobs"], "how": how, "every": "200ms"}
    )
    former = [pair.ask(f"SHOW {one}") for one in SETTINGS]
    states: list[str | None] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(pair.dsn) as reader:
                    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    reader.execute("SELECT count(*) FROM jobs")
                    reader.execute("SELECT pg_sleep(0.5), count(*) FROM jobs")
            except psycopg.Error as error:
                states.append(error.sqlstate)

    reading = threading.Thread(target=read)
    with ExitStack() as stack:
        played = Played(fault, Target("standby", postgres=pair.dsn))
        stack.callback(played.kill)
        stack.enter_context(written_to(pair))
        reading.start()
        stack.callback(reading.join)
        stack.callback(over.set)
        played.do()
        assert "the standby cancelled" in played.proof()
        played.undo()
        assert played.healed()
    assert "40001" in states
    assert [pair.ask(f"SHOW {one}") for one in SETTINGS] == former
