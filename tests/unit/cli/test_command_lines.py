from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hormesis import __version__
from hormesis.cli.suite_choice import suite_options
from hormesis.compose.ability import abilities, remedies
from hormesis.compose.suite import find_suite
from hormesis.host.means import load_means, means_names
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble
from tests.unit.cli.command_line import CommandLine


def test_help_tells_every_exit_code(hormesis: CommandLine) -> None:
    answer = hormesis("--help")
    assert answer.code == 0
    told = " ".join(answer.out.split())
    assert all(f"{code.value} {code.name.lower().replace('_', ' ')}" in told for code in ExitCode)


@pytest.mark.parametrize(
    "command",
    ["run", "plan", "check", "report", "revert", "doctor", "list", "new", "schema", "demo"],
)
def test_every_command_has_its_help(command: str, hormesis: CommandLine) -> None:
    top, own = hormesis("-h"), hormesis(command, "-h")
    assert f" {command} " in top.out
    assert own.code == 0
    assert "Usage: hormesis " + command in own.out


def test_the_version(hormesis: CommandLine) -> None:
    assert hormesis("--version").out == f"hormesis {__version__}\n"


def test_the_new_file_can_be_planned_as_it_is(hormesis: CommandLine) -> None:
    assert hormesis("new", "mine.yaml").code == 0
    plan = hormesis("plan", "mine.yaml")
    assert plan.code == 0
    assert "fault frozen: pause" in plan.out
    as_json = json.loads(hormesis("plan", "mine.yaml", "--json").out)
    assert [one["name"] for one in as_json["moments"] if one["sort"] == "fault"] == ["frozen-1"]
    assert as_json["permit"]["allowed"]


def test_a_plan_is_written_in_units_of_the_file(hormesis: CommandLine) -> None:
    hormesis("new", "mine.yaml")
    assert "constant-vus(for=15s, vus=5)" in hormesis("plan", "mine.yaml").out
    scaled = hormesis("plan", "mine.yaml", "--time-scale", "0.1").out
    assert "constant-vus(for=1.5s, vus=5)" in scaled


def test_times_of_a_plan_are_told_without_the_noise_of_sums(hormesis: CommandLine) -> None:
    hormesis("new", "mine.yaml")
    scaled = hormesis("plan", "mine.yaml", "--time-scale", "0.07", "--json").out
    assert re.findall(r"_s\": \d+\.\d", scaled)
    assert not re.findall(r"_s\": \d+\.\d{7,}", scaled)


def test_a_plan_touches_nothing(hormesis: CommandLine, tmp_path: Path) -> None:
    hormesis("new", "mine.yaml")
    hormesis("plan", "mine.yaml")
    assert [one.name for one in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize(
    "line", [["list", "--json"], ["schema"], ["list", "faults", "--json"]], ids=" ".join
)
def test_json_output_is_json_alone(line: list[str], hormesis: CommandLine) -> None:
    answer = hormesis(*line)
    assert answer.code == 0
    assert json.loads(answer.out)


def test_every_shelf_is_listed(hormesis: CommandLine) -> None:
    shelves = json.loads(hormesis("list", "--json").out)
    assert "pause" in shelves["faults"]
    assert "jobs" in shelves["suites"]
    assert all(text for kinds in shelves.values() for text in kinds.values())


def test_the_options_of_a_suite_are_shown(hormesis: CommandLine) -> None:
    answer = hormesis("run", "jobs", "--options")
    assert answer.code == 0
    assert "J-CHAOS-1" in answer.out


def test_nothing_to_revert_is_a_pass(hormesis: CommandLine) -> None:
    answer = hormesis("revert")
    assert (answer.code, "nothing to revert" in answer.out) == (0, True)


def test_suite_options_take_values_both_ways() -> None:
    suite = find_suite("jobs")
    assert suite is not None
    (option, *_) = suite.file.options
    assert suite_options(suite, (f"--{option}", "x")) == {option: "x"}
    assert suite_options(suite, (f"--{option}=x=y",)) == {option: "x=y"}
    with pytest.raises(UsageTrouble, match="needs a value"):
        suite_options(suite, (f"--{option}",))


def test_the_doctor_tells_each_fault_by_each_mechanism(hormesis: CommandLine) -> None:
    data = json.loads(hormesis("doctor", "--json").out)
    missing = {one["name"] for one in data["means"] if not one["there"]}
    assert all(one["why"] and one["remedy"] for one in data["means"] if not one["there"])
    told = {(one["fault"], one["mechanism"]): one for one in data["faults"]}
    assert told["pause", "signal"]["there"] is True
    for one in told.values():
        assert one["there"] == (not missing & set(one["means"])), one
    lines = hormesis("doctor").out.splitlines()
    assert any(line.startswith("\N{HEAVY CHECK MARK}  pause ") for line in lines)


def test_what_is_lacking_is_told_with_its_remedy() -> None:
    found = {(one.fault, one.mechanism): one for one in abilities({"strace": "it is not there"})}
    lacking = found["io-error", "strace"]
    assert (lacking.there, dict(lacking.lacking)) == (False, {"strace": "it is not there"})
    assert remedies(lacking.lacking) == [load_means("strace").REMEDY]
    assert found["pause", "signal"].there
    used = {name for one in found.values() for name in one.means}
    assert used <= set(means_names()), "a fault takes means that nobody can survey"
