"""What the manifest calls the replay makes an equal run when it is typed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hormesis import api
from hormesis.cli import run_command
from hormesis.compose import suite_run
from hormesis.compose.manifest import manifest_of
from hormesis.compose.preparing import Prepared
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import find_suite
from hormesis.compose.suite_selection import Asked
from hormesis.words.trouble import UsageTrouble
from tests.unit.cli.command_line import CommandLine

FILE = """\
title: t
vars: {pace: 1s, colour: "${env.COLOUR:-red}", admin_token: "${env.ADMIN_TOKEN:-}", size: "1"}
system:
  processes: {shop: {run: ["true", "${colour}", "${admin_token}", "${size}"]}}
  targets: {shop: {process: shop}}
tracks:
  - {fault: pause, target: shop, at: "${pace}", for: 1s}
checks:
  - {never: exit, of: shop}
"""
SYSTEM = """\
processes: {shop: {run: ["true"]}}
targets: {shop: {process: shop}}
"""


@dataclass
class Caught:
    """The runs that a command line was about to make."""

    runs: list[Prepared] = field(default_factory=list)

    def __call__(self, prepared: Prepared, **rest: Any) -> NoReturn:
        self.runs.append(prepared)
        raise UsageTrouble("this is as far as it goes here")

    def replay(self) -> list[str]:
        return shlex.split(manifest_of(self.runs[-1])["replay"])


@pytest.fixture
def caught(hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Caught:
    catcher = Caught()
    monkeypatch.setattr(run_command, "run", catcher)
    monkeypatch.setattr(suite_run, "run", catcher)
    monkeypatch.setattr(api, "run_prepared", catcher)
    for name in ("COLOUR", "ADMIN_TOKEN", "CANARY", "DATABASE_URL", "MAIN_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "t.yaml").write_text(FILE)
    (tmp_path / "other.yaml").write_text(SYSTEM)
    return catcher


@pytest.fixture
def typed(hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what types a replay: sets the variables after ``env``, then gives the command line."""

    def type_it(words: list[str]) -> None:
        if words[0] == "env":
            words = words[1:]
            while words[0] != "hormesis":
                name, _, value = words.pop(0).partition("=")
                monkeypatch.setenv(name, value)
        assert words[0] == "hormesis"
        hormesis(*words[1:])

    return type_it


def same(request: RunRequest, like: Prepared, environment: Mapping[str, str]) -> bool:
    """Return whether *request* repeats *like*; where the result is written may differ."""
    wanted = replace(like.request, seed=like.experiment.seed, out=request.out)
    bare = replace(request, environment={}) == replace(wanted, environment={})
    return bare and environment == like.consulted


LINES = [
    ["run", "t.yaml"],
    ["run", "t.yaml", "--seed=7", "--set", "colour=deep blue", "--set", "size=2"],
    ["run", "./t.yaml", "--time-scale", "0.125", "--seed", "3"],
    ["run", "t.yaml", "--set=size=3", "--out", "elsewhere", "--quiet"],
    ["run", "jobs", "--scenario", "J-MON", "--time-scale", "0.5"],
    ["run", "jobs", "--test-type", "health", "--save-results"],
    ["run", "jobs", "--test-type", "race", "--database-url", "postgresql://h:5/d"],
    ["demo"],
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_the_replay_of_a_command_line_is_the_same_request(
    line: list[str], hormesis: CommandLine, caught: Caught, typed: Any
) -> None:
    hormesis(*line)
    first = caught.runs[-1]
    words = caught.replay()
    assert [word.partition("=")[0] for word in words].count("--seed") == 1
    typed(words)
    assert same(caught.runs[-1].request, first, caught.runs[-1].consulted)
    assert caught.replay() == words


def test_a_system_that_was_given_is_given_again(
    hormesis: CommandLine, caught: Caught, typed: Any
) -> None:
    hormesis("run", "t.yaml", "--system", "other.yaml")
    (first,) = caught.runs
    typed(caught.replay())
    assert caught.runs[-1].request.system == first.request.system == Path("other.yaml")


def test_the_environment_that_the_file_read_stands_before_the_command(
    hormesis: CommandLine, caught: Caught, monkeypatch: pytest.MonkeyPatch, typed: Any
) -> None:
    monkeypatch.setenv("COLOUR", "light green")
    monkeypatch.setenv("TASTE", "sweet")
    hormesis("run", "t.yaml", "--seed", "1")
    words = caught.replay()
    assert words == ["env", "COLOUR=light green", "hormesis", "run", "t.yaml", "--seed", "1"]
    monkeypatch.delenv("COLOUR")
    typed(words)
    assert caught.runs[-1].consulted == {"COLOUR": "light green"}


def test_an_option_that_came_from_the_environment_is_told(
    hormesis: CommandLine, caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter22@h:5/d")
    monkeypatch.setenv("CANARY", "claim-without-lock")
    hormesis("run", "jobs", "--scenario", "J-RACE-1")
    words = caught.replay()
    assert words[:3] == ["env", "CANARY=claim-without-lock", "hormesis"]
    assert "database_url=postgresql://me:***@h:5/d" in words


def test_secrets_are_masked(
    hormesis: CommandLine, caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_TOKEN", "hunter22")
    hormesis("run", "t.yaml")
    assert "ADMIN_TOKEN=***" in caught.replay()
    hormesis("run", "t.yaml", "--set", "admin_token=hunter23")
    assert "admin_token=***" in caught.replay()
    assert "hunter2" not in str(manifest_of(caught.runs[0])) + str(manifest_of(caught.runs[1]))


def test_each_scenario_s_replay_is_of_that_scenario_alone(
    hormesis: CommandLine, caught: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_run, "_ENDS_ALL", ())
    hormesis("run", "jobs", "--test-type", "race")
    suite = find_suite("jobs")
    assert suite is not None
    told = [shlex.split(manifest_of(one)["replay"]) for one in caught.runs]
    ids = [words[words.index("--scenario") + 1] for words in told]
    assert ids == list(suite.select(Asked({"test-type": "race"})))
    assert all(words.count("--scenario") == 1 for words in told)


def test_the_python_door_s_replay_keeps_its_arguments(caught: Caught, typed: Any) -> None:
    with pytest.raises(UsageTrouble):
        api.run("t.yaml", time_scale=0.2, variables={"size": "4"}, system="other.yaml")
    (first,) = caught.runs
    typed(caught.replay())
    assert same(caught.runs[-1].request, first, caught.runs[-1].consulted)
