"""The suite that the guide shows is a suite: it is read, selected from and planned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import Suite, find_suite
from hormesis.compose.suite_options import option_values
from hormesis.compose.suite_prepare import requests_of
from hormesis.compose.suite_selection import Asked

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "suites.md"
BLOCK = re.compile(r"```(yaml|json)\n(.*?)```", re.DOTALL)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    for language, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        name = "mine/NF-006.json" if language == "json" else text.splitlines()[0].lstrip("# ")
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = find_suite(str(tmp_path / "shop"))
    assert found is not None
    return found.with_folders([tmp_path / "mine"])


def test_its_scenarios_are_found(suite: Suite) -> None:
    assert list(suite.scenarios) == ["SH-1", "NF-001", "NF-006"]


@pytest.mark.parametrize("difficulty", ["1", "2"])
@pytest.mark.parametrize("name", ["SH-1", "NF-001", "NF-006"])
def test_each_is_planned(name: str, difficulty: str, suite: Suite, tmp_path: Path) -> None:
    values = option_values(suite.file, {"difficulty": difficulty, "pause-on-fail": True}, {})
    request = RunRequest(Path("-"), tmp_path / "runs")
    requests = requests_of(suite.select(Asked(named=[name])), request, values.variables)
    experiment = prepare(requests[name]).experiment
    assert experiment.id == name
    assert experiment.variables["patience"] == {"1": "20s", "2": "10s"}[difficulty]
    assert len(experiment.on_fail) == 1


def test_a_system_that_runs_already_is_used(suite: Suite, tmp_path: Path) -> None:
    request = RunRequest(Path("-"), tmp_path / "runs")
    values = {"base": "http://127.0.0.1:9"}
    requests = requests_of(suite.select(Asked(named=["NF-001"])), request, values)
    assert prepare(requests["NF-001"]).experiment.services == ()
