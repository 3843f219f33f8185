"""What a scenario reads is tried once, and what does not fit is told with its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.fitness import SuiteFitness, suite_fitness, tried_fitness
from hormesis.compose.suite import find_suite
from hormesis.host.sql import Rows, SqlTrouble
from hormesis.probes import sql

SHARED = """\
title: mine
vars:
  known_sql: "SELECT id FROM tasks WHERE tag = '${run.id}'"
  tool: [sh, -c, "echo no tool >&2; exit 3"]
system: {use: nothing-installed}
steady_state:
  - {name: monitoring, probe: command, run: "${tool}", expect: {exit: 0}}
tracks:
  - {name: done, probe: sql, dsn: "${dsn}", query: "${known_sql}", every: 1s}
  - {name: broken, probe: command, run: [touch, tried-a-command], expect: {exit: 0}, every: 1s}
checks: [{always: done, expect: 0}]
"""
RUNNING = 'vars: {dsn: "postgresql://127.0.0.1:9/tasks"}\n'
STARTED = RUNNING + 'processes: {api: {run: [my-api, --port, "8080"]}}\n'
OWN_DATABASE = RUNNING + """\
processes: {database: {run: [my-database], ready: {tcp: "127.0.0.1:9"}}}
targets: {database: {address: "127.0.0.1:9"}}
"""


class Database:
    """Notes what it was asked, and knows no table."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, dsn: str, query: str, *, timeout_s: float, rows_max: int) -> Rows:
        assert timeout_s == 2.0
        self.asked.append(query)
        raise SqlTrouble("relation tasks does not exist")


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    made = Database()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sql, "ask", made.ask)
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: mine\n")
    for name in ("ONE", "TWO"):
        (suite / f"{name}.yaml").write_text(f"id: {name}\n{SHARED}")
    return made


def fitness(system: str, silent: dict[str, str] | None = None) -> SuiteFitness:
    """Return what a system in the file ``mine.yaml`` is fit for, once it was tried."""
    Path("mine.yaml").write_text(system)
    suite = find_suite("./suite")
    assert suite is not None
    return tried_fitness(suite_fitness(suite, Path("mine.yaml"), {}), silent or {})


def test_what_does_not_fit_is_told_with_its_variable(database: Database) -> None:
    for one in fitness(RUNNING).scenarios:
        assert [str(lack) for lack in one.misfits] == [
            "`tool`: exit is 3, expected 0; the command `sh -c echo no tool >&2; exit 3` said: "
            "no tool; override it under `overrides:`",
            "`known_sql`: relation tasks does not exist; override it under `overrides:`",
        ]
        assert not one.able
    assert not Path("tried-a-command").exists()


def test_what_two_scenarios_ask_is_asked_once(database: Database) -> None:
    fitness(RUNNING)
    assert database.asked == ["SELECT id FROM tasks WHERE tag = 'trial'"]


def test_what_fits_leaves_nothing_to_say(database: Database) -> None:
    told = fitness(RUNNING + "overrides: {tool: [sh, -c, exit 0]}\n", {"127.0.0.1:9": "refused"})
    assert [one.misfits for one in told.scenarios] == [(), ()]
    assert all(one.able for one in told.scenarios)
    assert database.asked == []


def test_what_the_run_starts_may_still_mend_it(database: Database) -> None:
    (one, _) = fitness(STARTED).scenarios
    assert (one.able, one.misfits) == (True, ())
    assert [lack.what[:11] for lack in one.doubts] == ["`tool`: exi", "`known_sql`"]


def test_an_address_that_the_run_serves_is_neither_touched_nor_asked(database: Database) -> None:
    (one, _) = fitness(OWN_DATABASE).scenarios
    assert one.addresses == ()
    assert [lack.what[:7] for lack in one.doubts] == ["`tool`:"]
    assert database.asked == []
