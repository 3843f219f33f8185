"""A target file offers everything that a suite's scenarios refer to and only a system can say."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from hormesis.compose.fitness import suite_fitness
from hormesis.compose.registry import systems
from hormesis.compose.suite import find_suite, suite_names
from hormesis.compose.suite_needs import needs_of
from hormesis.compose.target_file import target_text
from tests.quality.canary_map import read_scenario_files

SUITES = list(suite_names())
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_-]*)")
LINK = re.compile(r"\$\{link\.([A-Za-z0-9_-]+)\.")


@cache
def written_for(name: str) -> str:
    suite = find_suite(name)
    assert suite is not None
    return target_text(name, suite.file, needs_of(suite.scenarios, systems()))


def bundled_system(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the system that the suite's files name, as plain data."""
    (use,) = {one["system"]["use"] for one in documents.values() if "system" in one}
    (point,) = entry_points(group="hormesis.systems", name=use)
    data: dict[str, Any] = yaml.safe_load(
        Path(str(files(point.value).joinpath("system.yaml"))).read_text()
    )
    return data


@pytest.fixture(scope="module", params=SUITES)
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_everything_that_scenarios_refer_to_is_offered(suite: str) -> None:
    documents = read_scenario_files(suite)
    system = bundled_system(documents)
    own = {name for one in documents.values() for name in one.get("vars") or {}}
    parts = [
        str({key: part for key, part in one.items() if key not in ("system", "skip")})
        for one in documents.values()
    ]
    text = " ".join(parts)
    wanted = (set(REFERENCE.findall(text)) & set(system["vars"])) - own
    hit = {
        track["target"]
        for one in documents.values()
        for track in one.get("tracks", ())
        if "fault" in track
    } & set(system["targets"])
    offered = yaml.safe_load(written_for(suite))
    assert wanted
    assert wanted <= set(offered["vars"])
    assert hit <= set(offered["targets"])
    assert set(LINK.findall(text)) <= set(offered["links"])
    beneath = {system["targets"][name].get("link") for name in hit} - {None}
    assert beneath <= set(offered["links"])


def test_each_thing_stands_below_a_line_that_tells_what_it_is_for(suite: str) -> None:
    lines = written_for(suite).splitlines()
    for number, line in enumerate(lines):
        if re.match(r"  (# )?[a-z_0-9-]+:( |$)", line):
            assert lines[number - 1].startswith("  # "), line


def test_the_placeholders_make_a_file_without_problems(suite: str, tmp_path: Path) -> None:
    """Some scenarios lack what has no safe placeholder, such as how a process is started again."""
    file = tmp_path / "mine.yaml"
    file.write_text(written_for(suite))
    made = find_suite(suite)
    assert made is not None
    told = suite_fitness(made, file, {})
    assert [one.scenario for one in told.scenarios] == list(made.scenarios)
    assert any(one.able for one in told.scenarios)
    for one in told.scenarios:
        for lack in one.lacks:
            assert "the variable" not in lack.what, one
            assert "the link" not in lack.what or "connects through the link" in lack.what, one
    assert told.unused == ()


def test_the_example_of_processes_is_what_every_scenario_of_tasks_looks_for(tmp_path: Path) -> None:
    lines = written_for("tasks").splitlines()
    start, end = lines.index("# processes:"), lines.index("  workers:")
    (below,) = [one for one in lines if one.startswith("# and below:")]
    (above,) = [one for one in lines if one.startswith("# and above, under vars:")]
    example = [one.removeprefix("# ") for one in lines[start : lines.index(below)]]
    text = "\n".join([*lines[:start], *example, *lines[start:end], below.split(":", 1)[1]])
    text = text.replace("my-program, --option", "sleep")
    text = text.replace("\nvars:\n", f"\nvars:\n{above.split(':', 1)[1]}\n", 1)
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    made = find_suite("tasks")
    assert made is not None
    told = {one.scenario: one for one in suite_fitness(made, file, {}).scenarios}
    for name in ("worker-restart", "multi-worker-chaos", "dynamic-scaling", "mixed-chaos"):
        assert told[name].able, told[name]
