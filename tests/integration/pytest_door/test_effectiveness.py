"""``--chaos-report``: several runs of a small project, and what the report says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

PROJECT = """
import os

import pytest
from hypothesis import given, settings, strategies

FAIL = os.environ.get("SHOP_FAILS") == "yes"


@pytest.mark.chaos
@pytest.mark.concurrent
def test_steady(noted):
    noted("race", "10 workers, 37 overlapping pairs")


@pytest.mark.chaos
@pytest.mark.parametrize("size", [1, 2])
def test_unsteady(size):
    assert not FAIL, f"failed for {size}"


@pytest.mark.chaos
@pytest.mark.resource
def test_only_marked():
    pass


@pytest.mark.chaos
@pytest.mark.xfail(reason="known", strict=True)
def test_known_to_fail():
    assert [] == [1]


@pytest.mark.chaos
@pytest.mark.property
@settings(database=None, derandomize=True, max_examples=60)
@given(strategies.integers(min_value=0, max_value=10_000))
def test_shrinks(value):
    assert value < 100 or not FAIL


@pytest.mark.chaos
def test_set_up_fails(broken):
    pass


def test_that_is_no_chaos_test():
    assert not FAIL
"""

CONFTEST = """
import pytest


@pytest.fixture
def noted(request):
    from hormesis.testing.session import ChaosSession

    request.getfixturevalue("num_workers")
    session = ChaosSession.of(request.config)
    return lambda mode, proof: session.note_effect(request.node.nodeid, mode, proof)


@pytest.fixture
def broken():
    raise RuntimeError("no set-up")
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose tests fail when they are told to."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_shop=PROJECT)
    monkeypatch.delenv("SHOP_FAILS", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return pytester


def told(project: pytest.Pytester) -> dict[str, Any]:
    text = (project.path / "hormesis-runs" / "pytest" / "effectiveness.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def ran(project: pytest.Pytester, *options: str) -> str:
    fixed = ("--chaos-report", "--chaos-seed=7", "-p", "no:randomly", "-p", "no:cacheprovider")
    return project.runpytest_subprocess(*options, *fixed).stdout.str()


def test_over_several_runs(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    output = ran(project)
    assert "chaos effectiveness" in output
    assert "bugs found     20 per 100 chaos tests, 1 in 5, 1 new, 1 expected" in output
    assert "stable         no evidence" in output
    assert "shrinking      no evidence: nothing shrank in 1 run of a property" in output
    first = told(project)
    assert [one["name"] for one in first["failure_modes"] if one["covered"]] == [
        "at the same instant"
    ]

    monkeypatch.setenv("SHOP_FAILS", "yes")
    output = ran(project, "--hypothesis-show-statistics")
    assert "during generate phase" in output  # Hypothesis' own statistics are still there.
    second = told(project)
    assert (second["tests"], second["bugs_new"]) == (5, 2)
    assert second["shrink_steps_tried_mean"] >= second["shrink_steps_successful_mean"] > 0
    assert {one["test"]: one["new"] for one in second["bugs"]} == {
        "test_shop.py::test_unsteady": True,
        "test_shop.py::test_shrinks": True,
        "test_shop.py::test_known_to_fail": False,
    }
    unstable = {one["test"] for one in second["unstable"]}
    assert unstable == {
        "test_shop.py::test_unsteady[1]",
        "test_shop.py::test_unsteady[2]",
        "test_shop.py::test_shrinks",
    }
    assert second["stable_share"] == pytest.approx(0.5)

    # With other code a failure is news about the code, not about the test.
    project.makepyfile(test_shop=PROJECT + "\n# changed\n")
    ran(project, "--chaos-last=1")
    third = told(project)
    assert third["runs"] == 1
    assert third["unstable"] == []
    assert third["bugs_new"] == 0


@pytest.mark.prove
def test_with_workers_only_the_controller_writes(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_FAILS", "yes")
    output = ran(project, "-n2")
    assert output.count("chaos effectiveness") == 1
    found = told(project)
    assert (found["runs"], found["tests"], found["executions"]) == (1, 5, 6)
    assert len(found["bugs"]) == 3
    assert found["shrink_steps_tried_mean"] > 0
    (covered,) = [one for one in found["failure_modes"] if one["covered"]]
    assert covered["proof"] == "10 workers, 37 overlapping pairs"


@pytest.mark.prove
def test_the_page_goes_where_it_is_asked_and_without_chaos_tests_there_is_none(
    project: pytest.Pytester, tmp_path: Path
) -> None:
    page = tmp_path / "out" / "chaos.html"
    output = project.runpytest_subprocess("-k", "no_chaos", f"--chaos-report={page}").stdout.str()
    assert "no chaos test came to its turn: no evidence" in output
    assert not page.exists()
    project.runpytest_subprocess("-k", "steady", f"--chaos-report={page}")
    assert {one.suffix for one in page.parent.iterdir()} == {".html", ".json", ".csv"}
