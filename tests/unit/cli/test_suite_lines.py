"""Command lines about suites: what reaches a scenario, what is planned, and how it is repeated."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hormesis.compose import suite_run
from hormesis.compose.manifest import manifest_of
from hormesis.compose.preparing import Prepared
from hormesis.words.trouble import UsageTrouble
from tests.unit.cli.command_line import CommandLine
from tests.unit.compose.suite_folders import experiment, short, suite_at, write


@pytest.fixture
def prepared(
    hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[Prepared]:
    """Give what was about to run, in a folder with the suite ``mine``."""
    caught: list[Prepared] = []

    def run(one: Prepared, **rest: Any) -> NoReturn:
        caught.append(one)
        raise UsageTrouble("this is as far as it goes here")

    monkeypatch.setattr(suite_run, "run", run)
    suite_at(tmp_path / "mine")
    write(tmp_path / "extra" / "NF-6.json", short("NF-6"))
    for name in ("USERS", "PAUSE", "OUTPUT_DIR", "VERBOSE"):
        monkeypatch.delenv(name, raising=False)
    return caught


def variables(one: Prepared) -> dict[str, str]:
    return dict(one.request.overrides)


def test_options_reach_the_scenarios_that_have_their_variables(
    hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    hormesis("run", "mine", "--scenario", "W-1", "--users", "5", "--pause")
    assert variables(prepared[-1]) == {"users": "5"}
    hormesis("run", "mine", "--set", "quick", "--size", "large")
    assert variables(prepared[-1]) == {"users": "5"}
    hormesis("run", "mine", "--set", "quick", "--scenario", "NF-2", "--set", "users=9")
    assert variables(prepared[-1]) == {"users": "9"}


def test_an_option_that_changes_nothing_is_told(
    hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    answer = hormesis("run", "mine", "--scenario", "W-1", "--pause")
    assert "--pause changes nothing: none of these scenarios has the variable pause" in answer.err
    answer = hormesis("run", "mine", "--scenario", "W-1", "--users", "2")
    assert "changes nothing" not in answer.err


def test_results_go_where_the_suite_s_own_option_says(
    hormesis: CommandLine, prepared: list[Prepared], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", "results")
    hormesis("run", "mine", "--scenario", "W-1")
    assert prepared[-1].directory.path.is_relative_to(tmp_path / "results")


def test_the_folder_on_the_command_line_counts_more_than_the_environment(
    hormesis: CommandLine, prepared: list[Prepared], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OUTPUT_DIR", "results")
    for given, folder in (
        (["--out", "mine-only"], "mine-only"),
        # Said, although it is what it would be anyway.
        (["--out", "hormesis-runs"], "hormesis-runs"),
        (["--results-in", "elsewhere"], "elsewhere"),
    ):
        hormesis("run", "mine", "--scenario", "W-1", *given)
        assert prepared[-1].directory.path.is_relative_to(tmp_path / folder)
    before = len(prepared)
    answer = hormesis("run", "mine", "--scenario", "W-1", "--out", "a", "--results-in", "b")
    assert (answer.code, len(prepared)) == (64, before)
    assert "--out and --results-in are two names of one option" in answer.err


def test_a_scenario_of_a_folder_is_repeated_with_that_folder(
    hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    hormesis("run", "mine", "--scenario-dir", "extra", "--scenario", "NF-6")
    first = prepared[-1]
    assert "-nf-6-" in first.directory.path.name
    words = shlex.split(manifest_of(first)["replay"])
    assert words[:7] == [
        "hormesis", "run", "mine", "--scenario", "NF-6", "--scenario-dir", "extra",
    ]  # fmt: skip
    hormesis(*words[1:])
    assert prepared[-1].experiment.faults == first.experiment.faults


def test_what_a_suite_s_run_would_do_is_planned_with_the_same_words(
    hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    answer = hormesis("plan", "mine", "--scenario", "NF-6", "--scenario-dir", "extra")
    assert (answer.code, "fault toxic: latency(delay=1s)" in answer.out) == (0, True)
    assert "[1/1]" not in answer.out
    every = json.loads(hormesis("plan", "mine", "--json").out)
    assert every["suite"] == "mine"
    assert [one["scenario"] for one in every["plans"]] == ["NF-1", "W-1"]
    assert all("duration_s" in one for one in every["plans"])
    some = json.loads(hormesis("plan", "mine", "--sort", "network", "--json").out)
    assert [one["scenario"] for one in some["plans"]] == ["NF-1", "NF-2"]
    both = hormesis("plan", "mine").out
    assert both.index("[1/2] NF-1") < both.index("[2/2] W-1")
    bad = hormesis("plan", "mine", "--users", "3")
    assert (bad.code, "--users 3: expected one of 1, 2, 5" in bad.err) == (64, True)
    assert "--users" in hormesis("plan", "mine", "--options").out
    answer = hormesis("plan", "mine/NF-1.yaml", "--scenario", "NF-1")
    assert (answer.code, "--scenario is for suites" in answer.err) == (64, True)
    assert prepared == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["--set", "quick", "--set", "whole"], "--set quick has chosen a set already"),
        (["--pause=yes"], "--pause takes no value"),
        (["--users"], "--users needs a value"),
        (["--users", "2", "--users", "5"], "--users is given twice: 2 and 5"),
        (["--usrs", "2"], "did you mean --users?"),
        (["--users", "3"], "--users 3: expected one of 1, 2, 5"),
        (["--scenario", "W-1", "--sort", "network"], "no scenario is left by --scenario W-1 and"),
    ],
    ids=str,
)
def test_what_is_not_meant_is_refused_before_anything_starts(
    line: list[str], told: str, hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    answer = hormesis("run", "mine", *line)
    assert (answer.code, told in answer.err) == (64, True)
    assert prepared == []


def test_a_single_experiment_takes_no_suite_s_options(
    hormesis: CommandLine, prepared: list[Prepared], tmp_path: Path
) -> None:
    write(tmp_path / "one.yaml", experiment("one"))
    for option in ("--scenario", "--scenario-dir"):
        answer = hormesis("run", "one.yaml", option, "x")
        assert (answer.code, f"{option} is for suites" in answer.err) == (64, True)
    answer = hormesis("run", "one.yaml", "--set", "quick")
    assert (answer.code, "expected NAME=VALUE" in answer.err) == (64, True)


def test_the_options_are_shown(hormesis: CommandLine, prepared: list[Prepared]) -> None:
    shown = hormesis("run", "mine", "--options").out
    assert "--users 1|2|5" in shown and "(or USERS) [1]" in shown
    assert "--set quick" in shown and "(NF-2, NF-1)" in shown
    assert "--sort  one of network, worker, all." in shown
    assert "scenarios: NF-1, NF-2, W-1, L-1" in shown


def test_what_a_suite_breaks_that_it_did_not_start_is_told_once(
    hormesis: CommandLine, prepared: list[Prepared], tmp_path: Path
) -> None:
    fault = {"fault": "pause", "target": "it", "for": "1s"}
    system = {"targets": {"it": {"pid": 1}}}
    for name in ("NF-1", "NF-2"):
        made = {"id": name, "title": name, "system": system, "tracks": [fault]}
        write(tmp_path / "mine" / f"{name}.yaml", made)
    line = ("run", "mine", "--scenario", "NF-1,NF-2")
    assert hormesis(*line).err.count("pause on it: the process it, which runs already") == 1
    assert len(prepared) == 1
    assert "breaks what it did not start" not in hormesis(*line, "--yes").err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", ""], "--set: expected NAME=VALUE or the name of a set, found nothing"),
        (["--users", ""], "--users: expected one of 1, 2, 5, found nothing; or leave --users out"),
        (["--scenario", ""], "--scenario: expected the name of a scenario, found nothing"),
    ],
)
def test_what_says_nothing_or_two_things_is_refused(
    words: list[str], told: str, hormesis: CommandLine, prepared: list[Prepared]
) -> None:
    answer = hormesis("plan", "mine", *words)
    assert answer.code == 64
    assert told in answer.err
    assert hormesis("plan", "mine", "--users", "2", "--users", "2").code == 0


def test_a_wrong_value_is_told_once_for_all_scenarios(
    hormesis: CommandLine, prepared: list[Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {"limits": {"duration": "${many}"}, "vars": {"many": "1s"}}
    for name in ("NF-8", "NF-9"):
        write(Path("own") / f"{name}.yaml", {"id": name, "title": name, **many})
    of_these = ["--scenario-dir", "own", "--scenario", "NF-8,NF-9"]
    answer = hormesis("plan", "mine", *of_these, "--set", "many=few")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("hormesis: --set many=few: expected a duration")

    write(Path("system.yaml"), "title: s\noverrides:\n  many: some\n")
    answer = hormesis("plan", "mine", *of_these, "--system", "system.yaml")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("hormesis: system.yaml:3:9: overrides.many: expected a duration")

    write(Path("mine/suite.yaml"), "title: m\noptions: {many: {var: many, env: MANY}}\n")
    monkeypatch.setenv("MANY", "lots")
    answer = hormesis("plan", "mine", *of_these)
    assert answer.err.startswith("hormesis: MANY=lots: expected a duration")
    answer = hormesis("plan", "mine", *of_these, "--many", "heaps")
    assert answer.err.startswith("hormesis: --many heaps: expected a duration")
    typed = "title: m\noptions: {many: {var: many, env: MANY, type: port}}\n"
    write(Path("mine/suite.yaml"), typed)
    assert hormesis("plan", "mine", *of_these).err == (
        "hormesis: MANY=lots: expected a port from 1 to 65535\n"
    )
    # A variable that none of these scenarios has may be meant for another program.
    assert hormesis("plan", "mine", "--scenario", "W-1").code == 0
