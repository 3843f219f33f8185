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
NO_TABLE = "relation tasks does not exist (42P01)"
STARTED = RUNNING + 'processes: {api: {run: [sleep, --port, "8080"]}}\n'
TOOL = "overrides: {tool: [sh, -c, exit 0]}\n"
OWN_DATABASE = RUNNING + """\
processes: {database: {run: [sleep], ready: {tcp: "127.0.0.1:9"}}}
targets: {database: {address: "127.0.0.1:9"}}
"""


class Database:
    """Notes what it was asked, and says why there is no answer; without a reason there is one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.why = NO_TABLE
        self.columns = {"id"}

    async def ask(self, dsn: str, query: str, *, timeout_s: float, rows_max: int) -> Rows:
        assert timeout_s == 2.0
        self.asked.append(query)
        if self.why:
            raise SqlTrouble(self.why)
        column = query.removeprefix('SELECT "').partition('"')[0]
        if query.startswith('SELECT "') and column not in self.columns:
            raise SqlTrouble(f'column "{column}" does not exist (42703)')
        return Rows((), 0)


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
            f"`known_sql`: {NO_TABLE}; override it under `overrides:`",
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


@pytest.mark.parametrize("why", [NO_TABLE, "column x (42703)", "schema x (3F000)"])
def test_what_is_not_there_yet_may_come(why: str, database: Database) -> None:
    database.why = why
    (one, _) = fitness(STARTED + TOOL).scenarios
    assert (one.able, len(one.doubts), len(one.misfits)) == (True, 1, 0)


@pytest.mark.parametrize(
    ("why", "variable"),
    [
        ('syntax error at or near "SELEKT" (42601)', "known_sql"),
        ("cannot execute DELETE in a read-only transaction (25006)", "known_sql"),
        ("permission denied for table tasks (42501)", "known_sql"),
        ("timeout: no answer in time", "known_sql"),
        ("connection failed: FATAL:  password authentication failed for user app", "dsn"),
        ('database "tasks" does not exist (3D000)', "dsn"),
        ("timeout: no connection in time", "dsn"),
    ],
)
def test_what_no_process_mends_does_not_fit(why: str, variable: str, database: Database) -> None:
    database.why = why
    for one in fitness(STARTED + TOOL).scenarios:
        assert not one.able
        assert one.doubts == ()
        (lack,) = one.misfits
        assert lack.what == f"`{variable}`: {why}"


def test_what_the_target_file_says_is_told_with_its_place(database: Database) -> None:
    database.why = "connection failed: nobody there"
    (one, _) = fitness(STARTED + TOOL).scenarios
    assert [lack.next_step for lack in one.misfits] == ["see mine.yaml:1:13"]
    database.why = NO_TABLE
    said = 'overrides: {tool: [sh, -c, exit 0], known_sql: "SELECT 1"}\n'
    (one, _) = fitness(RUNNING + said).scenarios
    assert [lack.next_step for lack in one.misfits] == ["see mine.yaml:2:48"]


@pytest.mark.parametrize("tool", ["[no-such-program]", "[sh, -c, no-such-program]"])
def test_a_program_that_is_not_there_does_not_fit(tool: str, database: Database) -> None:
    (one, _) = fitness(STARTED + f"overrides: {{tool: {tool}}}\n").scenarios
    assert [lack.what.partition(":")[0] for lack in one.misfits] == ["`tool`"]


def test_a_column_that_checks_look_in_is_asked_for(database: Database) -> None:
    database.why = ""
    looking = """\
tracks:
  - {name: done, probe: sql, dsn: "${dsn}", query: "${known_sql}", every: 1s}
  - load: constant-vus
    vus: 1
    for: 1s
    client:
      http: "http://127.0.0.1:9"
      steps: [{name: submit, post: /, take: {task: id}, record: {task: "{{task}}"}}]
checks: [{never: lost, of: submit, key: task, found_in: done}]
"""
    one, rest = SHARED.partition("tracks:\n")[0], looking
    Path("suite/ONE.yaml").write_text(f"id: ONE\n{one}{rest}")
    told = fitness(RUNNING + TOOL).scenarios[0]
    assert not told.lacks
    assert [lack.what for lack in told.misfits] == [
        "`known_sql`: its answer has no column task, in which checks look"
    ]
    database.columns.add("task")
    assert fitness(RUNNING + TOOL).scenarios[0].able


def test_an_address_that_the_run_serves_is_neither_touched_nor_asked(database: Database) -> None:
    (one, _) = fitness(OWN_DATABASE).scenarios
    assert one.addresses == ()
    assert [lack.what[:7] for lack in one.doubts] == ["`tool`:"]
    assert database.asked == []
