"""`hormesis init`, `hormesis doctor --target` and `hormesis tasks` as command lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hormesis.words.outcome import ExitCode
from tests.unit.cli.command_line import CommandLine

SUITE = {
    "suite.yaml": "title: mine\n",
    "ONE.yaml": """\
id: ONE
title: one is watched
system: {use: nothing}
tracks: [{name: health, probe: http, get: "${api}/health", expect: {status: 200}}]
checks: [{always: health}]
""",
    "TWO.yaml": """\
id: TWO
title: two is stopped
system: {use: nothing}
tracks:
  - {fault: stop, target: server, at: 1s, for: 1s}
  - {name: health, probe: http, get: "${api}/health", expect: {status: 200}}
checks: [{always: health}]
""",
}


@pytest.fixture
def suite(tmp_path: Path) -> str:
    (tmp_path / "mine").mkdir()
    for name, text in SUITE.items():
        (tmp_path / "mine" / name).write_text(text)
    return "mine"


def test_a_target_file_is_written_once(hormesis: CommandLine, suite: str) -> None:
    made = hormesis("init", suite)
    assert (made.code, made.err) == (0, "")
    assert "hormesis doctor --target mine-target.yaml --suite mine" in made.out
    Path("mine-target.yaml").write_text("mine: already\n")
    again = hormesis("init", suite)
    assert again.code == ExitCode.USAGE
    assert "mine-target.yaml exists already; give --force" in again.err
    assert Path("mine-target.yaml").read_text() == "mine: already\n"
    assert hormesis("init", suite, "--force").code == 0
    assert "mine: already" not in Path("mine-target.yaml").read_text()
    assert hormesis("init", suite, "--out", "no/such/folder.yaml").code == ExitCode.USAGE


def test_an_unknown_suite_is_refused_with_a_hint(hormesis: CommandLine) -> None:
    Path("x.yaml").write_text("title: x\n")
    for command in (["init", "job"], ["doctor", "--target", "x.yaml", "--suite", "job"]):
        answer = hormesis(*command)
        assert answer.code == ExitCode.USAGE
        assert "did you mean jobs?" in answer.err


@pytest.mark.parametrize(
    ("text", "code", "marks"),
    [
        ("vars: {api: 'http://127.0.0.1:9'}\n", ExitCode.UNKNOWN, ["✔  ONE", "–  TWO"]),
        ("vars: {other: 1}\n", ExitCode.CAPABILITY_MISSING, ["–  ONE", "–  TWO"]),
        (
            "vars: {api: 'http://127.0.0.1:9'}\n"
            "targets: {server: {port: 9, start: [sleep, '9']}}\n",
            ExitCode.PASS,
            ["✔  ONE", "✔  TWO"],
        ),
    ],
)
def test_doctor_tells_what_a_target_can_be_tested_with(
    text: str, code: ExitCode, marks: list[str], hormesis: CommandLine, suite: str
) -> None:
    Path("target.yaml").write_text(text)
    answer = hormesis("doctor", "--target", "target.yaml", "--suite", suite)
    assert answer.code == code
    assert [line[:6] for line in answer.out.splitlines() if line.startswith(("✔", "–"))] == marks
    asked = hormesis("doctor", "--target", "target.yaml", "--suite", suite, "--json")
    told = json.loads(asked.out)
    assert asked.code == told["exit_code"] == code
    able = [one["able"] for one in told["suites"][0]["scenarios"]]
    assert able == [mark[0] == "✔" for mark in marks]
    assert all(one["lacks"] or one["able"] for one in told["suites"][0]["scenarios"])


def test_what_several_scenarios_lack_is_told_once(hormesis: CommandLine, suite: str) -> None:
    Path("target.yaml").write_text("vars: {other: 1}\n")
    answer = hormesis("doctor", "--target", "target.yaml", "--suite", suite)
    assert answer.out.count("the variable api") == 1
    assert "[1]  the variable api; add `api:` to `vars` (all 2)" in answer.out
    (one,) = [line for line in answer.out.splitlines() if line.startswith("–  ONE")]
    assert one == "–  ONE  lacks [1]"
    (two,) = [line for line in answer.out.splitlines() if line.startswith("–  TWO")]
    assert two.startswith("–  TWO  lacks the target server; add `server:` to `targets` · [1]")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_run_is_refused_for_what_the_target_file_lacks(
    command: str, hormesis: CommandLine, suite: str
) -> None:
    Path("target.yaml").write_text("vars: {other: 1}\n")
    answer = hormesis(command, suite, "--system", "target.yaml")
    assert answer.code == ExitCode.BAD_INPUT
    assert [line.partition(";")[0] for line in answer.err.splitlines()] == [
        "hormesis: target.yaml: 2 of 2 scenarios cannot be run on it",
        "hormesis: target.yaml: it lacks the target server, which mine/TWO.yaml:5:27 asks for "
        "(TWO)",
        "hormesis: target.yaml: it lacks the variable api, which mine/ONE.yaml:4:43 asks for "
        "(ONE, TWO)",
    ]
    assert f"hormesis doctor --target target.yaml --suite {suite}`" in answer.err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("patience", ""),
        ("patiense", "overrides.patiense is a variable of none of the 2 scenarios; did you mean"),
        ("xyz", "none of the 2 scenarios has a variable for overrides.xyz; what stands there"),
        ("create_path", ""),  # Of suite `tasks`: the file serves that one as well.
    ],
)
def test_an_override_in_vain_is_told_before_a_run(
    name: str, told: str, hormesis: CommandLine, suite: str
) -> None:
    one = Path("mine/ONE.yaml")
    one.write_text("vars: {patience: 1s}\n" + one.read_text())
    Path("target.yaml").write_text(
        f"vars: {{api: 'http://127.0.0.1:9'}}\noverrides: {{{name}: 2s}}\n"
        "targets: {server: {port: 9, start: [sleep, '9']}}\n"
    )
    answer = hormesis("plan", suite, "--system", "target.yaml", "--scenario", "ONE")
    assert answer.code == 0
    assert (told in answer.err) if told else (answer.err == "")


def test_reach_tells_what_does_not_answer(hormesis: CommandLine, suite: str) -> None:
    start = "targets: {server: {port: 9, start: [sleep, '9']}}\n"
    Path("target.yaml").write_text("vars: {api: 'http://127.0.0.1:9'}\n" + start)
    answer = hormesis("doctor", "--target", "target.yaml", "--suite", suite, "--reach")
    assert answer.code == ExitCode.CAPABILITY_MISSING
    assert "–  127.0.0.1:9  Connection refused" in answer.out


def test_a_bad_target_file_has_problems_like_any_file(hormesis: CommandLine, suite: str) -> None:
    Path("target.yaml").write_text("vars: {api: 'http://127.0.0.1:9'}\ntarget: {}\n")
    answer = hormesis("doctor", "--target", "target.yaml", "--suite", suite)
    assert answer.code == ExitCode.BAD_INPUT
    assert "target.yaml:2:1: target: expected a known key" in answer.err
    assert hormesis("doctor", "--target", "none.yaml").code == ExitCode.BAD_INPUT
    assert hormesis("doctor", "--reach").code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["stats", "--tag", "a'b"], ExitCode.USAGE, "--tag a'b: expected up to 100 letters"),
        (["list", "--limit", "0"], ExitCode.USAGE, "--limit"),
        (["user", "--prefix", "a b"], ExitCode.USAGE, "--prefix a b"),
        (["stats"], ExitCode.CAPABILITY_MISSING, " did not answer stats_sql"),
        (["stats"], ExitCode.CAPABILITY_MISSING, "at postgresql://nobody:***@127.0.0.1:9/none"),
        (["clear", "--dry-run"], ExitCode.CAPABILITY_MISSING, "DATABASE_URL"),
        (["clear", "--yes"], ExitCode.CAPABILITY_MISSING, "did not answer clearable_sql"),
        (["clear"], ExitCode.USAGE, "--yes deletes without asking"),
        (["user"], ExitCode.CAPABILITY_MISSING, "POST http://127.0.0.1:9/api/v1/auth/register"),
        (["flood", "--auth", "t", "--count", "0"], ExitCode.USAGE, "--count"),
        (["restart-service"], ExitCode.USAGE, "--pid, --port and --container"),
    ],
)
def test_helpers_say_what_is_wrong(
    words: list[str],
    code: ExitCode,
    told: str,
    hormesis: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:9/none")
    answer = hormesis("tasks", *words)
    assert answer.code == code, answer
    assert told in answer.err


@pytest.mark.parametrize("word", ["--yes", "--dry-run"])
def test_nothing_is_deleted_in_a_database_that_nobody_named(
    word: str, hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    answer = hormesis("tasks", "clear", word)
    assert answer.code == ExitCode.USAGE
    assert "give --database-url, DATABASE_URL or --system" in answer.err


def test_every_helper_has_its_help(hormesis: CommandLine) -> None:
    for name in ("user", "flood", "stats", "list", "clear", "restart-service"):
        assert f"Usage: hormesis tasks {name}" in hormesis("tasks", name, "--help").out


@pytest.mark.parametrize("command", ["doctor", "plan", "run"])
def test_what_cannot_be_started_again_is_told_once_with_its_place(
    command: str, hormesis: CommandLine, suite: str
) -> None:
    start = "targets: {server: {port: 9, start: [./no_such.sh]}}\n"
    Path("target.yaml").write_text("vars: {api: 'http://127.0.0.1:9'}\n" + start)
    arguments = ["doctor", "--target", "target.yaml", "--suite", suite]
    if command != "doctor":
        arguments = [command, suite, "--system", "target.yaml"]
    answer = hormesis(*arguments)
    assert answer.code == ExitCode.BAD_INPUT
    told = "targets.server.start: expected a program that can be started, found './no_such.sh': "
    assert answer.err.count(f"target.yaml:2:36: {told}there is no such file") == 1
