"""`hormesis tasks …`, and a suite with a target file, against a queen that runs already."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hormesis.cli.main import exit_code_of
from hormesis.words.outcome import ExitCode
from tests.proving_ground.programs import TOKEN, Postgres
from tests.proving_ground.queen_program import Queen, running_queen


@pytest.fixture(scope="module")
def queen(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Queen]:
    postgres_server.start()
    with running_queen(postgres_server, tmp_path_factory.mktemp("helpers")) as running:
        running.worker()
        yield running


class Helpers:
    """Gives the helper commands for one queen, and reads what they print as JSON."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self.code = 0

    def __call__(self, *words: str) -> Any:
        self.code = exit_code_of(["tasks", words[0], "--json", *words[1:]])
        said = self._capture.readouterr()
        assert said.out, said.err
        return json.loads(said.out)

    def statuses(self, tag: str) -> dict[str, int]:
        return {one["status"]: one["tasks"] for one in self("stats", "--tag", tag)["rows"]}


@pytest.fixture
def tasks(
    queen: Queen,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Helpers:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PROVING_GROUND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BASE_URL", queen.url)
    monkeypatch.setenv("DATABASE_URL", queen.dsn)
    return Helpers(capsys)


def test_a_user_has_a_token_that_the_api_takes(queen: Queen, tasks: Helpers) -> None:
    made = tasks("user", "--prefix", "helper")
    bearer = {"Authorization": f"Bearer {made['token']}"}
    answer = queen.client.get("/auth/me", headers=bearer).json()
    assert (answer["id"], answer["username"]) == (made["user_id"], made["username"])
    assert made["username"].startswith("helper_")


def test_tasks_are_counted_listed_and_cleared_without_the_api(
    queen: Queen, tasks: Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [queen.submit(tags=["a"]), queen.submit(tags=["a", "b"])]
    for one in made:
        queen.wait_for_status(one, "completed")
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9")
    assert tasks.statuses("a") == {"completed": 2}
    assert tasks.statuses("b") == {"completed": 1}
    listed = tasks("list", "--tag", "a", "--verbose")["rows"]
    assert [one["id"] for one in listed] == made[::-1]
    assert listed[0]["tags"] == "{a,b}"
    assert len(tasks("list", "--tag", "a", "--limit", "1")["rows"]) == 1
    assert tasks("clear", "--tag", "b", "--dry-run")["completed"] == 1
    assert tasks("clear", "--tag", "b", "--yes")["deleted"] == 1
    assert tasks.statuses("a") == {"completed": 1}


def test_a_flood_ends_as_soon_as_its_own_tasks_are_done(queen: Queen, tasks: Helpers) -> None:
    for one in [queen.submit(tags=["flooded"]) for _ in range(3)]:
        queen.wait_for_status(one, "completed")
    run = tasks("flood", "--count", "3", "--delay", "0.2", "--deadline", "40", "--tag", "flooded")
    assert (tasks.code, run["outcome"]) == (ExitCode.PASS, "pass"), run
    assert "ended early" in run["reason"]
    assert tasks.statuses("flooded") == {"completed": 6}


@pytest.mark.parametrize("sort", ["webhook", "flaky", "inference"])
def test_a_flood_may_be_of_a_type_that_wants_more_than_seconds(tasks: Helpers, sort: str) -> None:
    run = tasks("flood", "--type", sort, "--count", "2", "--deadline", "40", "--tag", f"a-{sort}")
    assert (tasks.code, run["outcome"]) == (ExitCode.PASS, "pass"), run
    assert tasks.statuses(f"a-{sort}") == {"completed": 2}


def test_a_flood_asks_a_system_for_what_its_file_says(
    queen: Queen, tasks: Helpers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN)
    described = ("--system", str(file))
    flood = ("flood", *described, "--count", "2", "--deadline", "40")
    run = tasks(*flood)
    assert (tasks.code, run["outcome"]) == (ExitCode.PASS, "pass"), run
    ((tags, key, attempts),) = queen.sql(
        "SELECT tags, split_part(idempotency_key, '-', 1), max_attempts FROM tasks"
        " WHERE 'own' = ANY (tags) GROUP BY 1, 2, 3"
    )
    assert [one[:6] for one in tags] == ["flood-", "own"]
    assert (key, attempts) == ("flood", 3)
    assert exit_code_of(["tasks", *flood, "--tag", "mine"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert f"--tag mine: `create_body` in {file} has no place for it" in said
    assert "put ${label} there" in said


def test_a_helper_tells_what_does_not_fit_in_the_file_that_it_was_given(
    queen: Queen, tasks: Helpers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN + "  api: /q\n  stats_sql: SELECT 1 FROM jobs\n")
    described = ("--system", str(file))
    assert exit_code_of(["tasks", "stats", *described]) == ExitCode.CAPABILITY_MISSING
    said = " ".join(capsys.readouterr().err.split())
    assert f"say in {file} what fits: `dsn` under `vars`, `stats_sql` under `overrides`" in said
    assert exit_code_of(["tasks", "flood", *described]) == ExitCode.FAIL
    assert f"POST {queen.url}/q/auth/register: answered 404" in capsys.readouterr().err
    # Nobody has to wait for tasks of which there are none.
    run = tasks("flood", *described, "--auth", TOKEN, "--count", "2")
    assert tasks.code == ExitCode.FAIL
    by_name = {one["check"]: one for one in run["checks"]}
    assert by_name["any-created"]["outcome"] == "fail"
    assert "aborted" in run["reason"], run


@pytest.mark.prove
def test_a_flood_that_does_not_get_done_fails_or_gives_up(queen: Queen, tasks: Helpers) -> None:
    late = tasks("flood", "--count", "4", "--delay", "1", "--deadline", "2s", "--tag", "late")
    assert tasks.code == ExitCode.FAIL
    assert {one["check"]: one["outcome"] for one in late["checks"]}["completed"] == "fail"
    stuck = tasks(
        *("flood", "--type", "failing", "--count", "2", "--deadline", "60", "--patience", "3s")
    )
    assert tasks.code == ExitCode.FAIL
    assert "gave up" in stuck["reason"]


@pytest.mark.prove
def test_a_service_is_stopped_and_comes_back(
    postgres_server: Postgres, tasks: Helpers, tmp_path: Path
) -> None:
    with running_queen(postgres_server, tmp_path) as other:
        port = other.url.rpartition(":")[2]
        words = [sys.executable, "-m", "proving_ground", "queen", "--port", port]
        words += ["--database-url", other.dsn, "--admin-token", TOKEN]
        health = ("--health", f"{other.url}/health")
        run = tasks("restart-service", "--port", port, "--delay", "1s", *health, "-y", "--", *words)
        assert (tasks.code, run["outcome"]) == (ExitCode.PASS, "pass"), run
        assert other.program.returncode is not None
        assert other.client.get("/health").json()["status"] == "healthy"
        # Nothing starts it again this time.
        run = tasks("restart-service", "--port", port, "--within", "2s", *health, "-y")
        assert tasks.code == ExitCode.FAIL, run


@pytest.mark.prove
@pytest.mark.timeout(120)
def test_a_suite_runs_against_a_system_that_a_target_file_describes(
    queen: Queen,
    tasks: Helpers,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert exit_code_of(["init", "tasks"]) == 0
    file = tmp_path / "tasks-target.yaml"
    whole = file.read_text()
    file.write_text(whole[: whole.index("\ntargets:")] + "\n" + TARGETS)
    monkeypatch.setenv("QUEEN_PORT", queen.url.rpartition(":")[2])
    monkeypatch.setenv("ADMIN_TOKEN", TOKEN)
    words = ["--system", str(file), "--scenario", "task-flood", "--json", "--yes"]
    asked = ["doctor", "--target", str(file), "--suite", "tasks", "--reach", "--json"]
    capsys.readouterr()
    assert exit_code_of(asked) == ExitCode.UNKNOWN
    told = json.loads(capsys.readouterr().out)
    able = [one["scenario"] for one in told["suites"][0]["scenarios"] if one["able"]]
    assert "task-flood" in able
    for one in told["suites"][0]["scenarios"]:
        assert not one["misfits"] + one["doubts"], one
    wrong = file.with_name("wrong.yaml")
    wrong.write_text(file.read_text().replace("overrides:\n", WRONG))
    assert exit_code_of([*asked[:2], str(wrong), *asked[3:]]) != ExitCode.PASS
    told = json.loads(capsys.readouterr().out)
    (flood,) = [one for one in told["suites"][0]["scenarios"] if one["scenario"] == "task-flood"]
    assert [one["what"] for one in flood["misfits"]] == [
        f"`health_url`: GET {queen.url}/nothing: status is 404, expected 200",
        '`known_sql`: relation "jobs" does not exist (42P01)',
    ]
    assert exit_code_of(["run", "tasks", *words]) == ExitCode.PASS, capsys.readouterr()
    assert queen.program.returncode is None


OWN = """\
vars:
  queen: "${env.BASE_URL}"
  dsn: "${env.DATABASE_URL}"
overrides:
  create_body: {type: delay, payload: {seconds: "${delay}"}, tags: ["{{tag}}", own],
    max_attempts: "${attempts}", idempotency_key: "{{key}}"}
  created: 201
"""
WRONG = """\
overrides:
  health_url: "${queen}/nothing"
  known_sql: "SELECT id AS task FROM jobs"
"""
TARGETS = """\
targets:
  queen: {port: "${env.QUEEN_PORT}", link: api, http: "${link.api.url}"}
"""
