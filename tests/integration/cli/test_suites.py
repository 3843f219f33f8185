"""A suite of one's own, from its folder to its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.runs.shop import experiment, visitors
from tests.integration.runs.world import World

PASS, FAIL = 0, 1


def scenario(identity: str, threshold: str) -> dict[str, Any]:
    return {
        **experiment(),
        "id": identity,
        "tracks": [visitors("300ms")],
        "checks": [{"name": identity, "threshold": threshold}],
    }


def suite(world: World) -> Path:
    folder = world.folder / "mine"
    folder.mkdir()
    choices = "{all-of-it: [HOLDS, BREAKS], good: [HOLDS]}"
    world.write(
        "mine/suite.yaml",
        f"title: mine\nselect: {{option: level, default: all-of-it, choices: {choices}}}\n",
    )
    world.write("mine/HOLDS.yaml", scenario("HOLDS", "http_reqs count > 0"))
    world.write("mine/BREAKS.yaml", scenario("BREAKS", "http_reqs count < 0"))
    return folder


def test_a_suite_is_run_judged_again_and_reported_as_one(world: World) -> None:
    suite(world)
    answer = world.hormesis("run", "mine", "--json")
    assert answer.code == FAIL
    assert {one["run"]: one["outcome"] for one in answer.data["runs"]} == {
        "HOLDS": "pass", "BREAKS": "fail",
    }  # fmt: skip
    directory = Path(answer.data["directory"])
    for name in ("report.html", "report.json", "junit.xml"):
        (directory / name).unlink()
    again = world.hormesis("check", str(directory), "--json")
    assert again.code == FAIL
    assert [one["outcome"] for one in again.data] == ["pass", "fail"]
    assert world.hormesis("report", str(directory)).code == PASS
    assert (directory / "report.html").stat().st_size > 1000


@pytest.mark.prove
def test_a_selection_runs_only_what_it_names(world: World) -> None:
    suite(world)
    answer = world.hormesis("run", "mine", "--level", "good", "--quiet")
    assert (answer.code, answer.err) == (PASS, "")
    assert "HOLDS" in answer.out and "BREAKS" not in answer.out
