"""``--chaos-report``: several runs of a small project, and what the report says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pytest_door.project import PLAIN

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


@pytest.mark.prove
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
    page.parent.mkdir()
    option = f"--chaos-report-file={page}"
    output = project.runpytest_subprocess("-k", "no_chaos", option).stdout.str()
    assert "no chaos test came to its turn: no evidence" in output
    assert not page.exists()
    for _ in range(2):
        project.runpytest_subprocess("-k", "steady", option)
        assert {one.suffix for one in page.parent.iterdir()} == {".html", ".json", ".csv"}
        assert "steady" in page.read_text()
        page.write_text(page.read_text().replace("steady", ""))


def test_the_report_is_written_over_nothing_else(project: pytest.Pytester) -> None:
    before = (project.path / "test_shop.py").read_text()
    result = project.runpytest_inprocess(
        *("--chaos-report", "test_shop.py", "-p", "no:asyncio", "-k", "only_marked")
    )
    result.assert_outcomes(passed=1, deselected=7)
    own = project.path / "own.html"
    own.write_text("<p>mine</p>")
    figures = project.path / "figures.json"
    figures.write_text("{}")
    for given, told in (
        ("test_shop.py", "expected a file that ends in .html"),
        ("test_shop.py::test_steady", "expected a file that ends in .html"),
        (".", "expected a file that ends in .html"),
        ("/nonexistent/page.html", "there is no folder /nonexistent"),
        ("own.html", "would overwrite *own.html, which is none"),
        ("figures.html", "would overwrite *figures.json, which is none"),
    ):
        refused = project.runpytest_inprocess("-p", "no:asyncio", "--chaos-report-file", given)
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
        refused.stderr.fnmatch_lines([f"*{told}*"])
    assert (project.path / "test_shop.py").read_text() == before
    assert (own.read_text(), figures.read_text()) == ("<p>mine</p>", "{}")


WHAT_HAPPENED = """
import subprocess
import pytest

def test_only_a_number_of_workers(num_workers): pass

def test_unmarked_and_bitten(hormesis, slowly_set_up):
    with subprocess.Popen(["sleep", "60"]) as program:
        with hormesis.fault("pause", process=program):
            pass
        program.kill()

def test_unmarked_and_never_bitten(hormesis):
    with hormesis.proxy("127.0.0.1:1") as proxy:
        with proxy.fault("latency", delay="100ms"):
            pass

@pytest.fixture
def slowly_set_up(monkeypatch):
    import threading
    threading.Event().wait(0.3)
"""


def test_what_happened_makes_a_chaos_test_and_what_did_not_shows_nothing(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_it=WHAT_HAPPENED)
    result = pytester.runpytest_subprocess("--chaos-report", *PLAIN)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["bugs found     0 per 100 chaos tests, 0 in 1, 0 new"])
    result.stdout.fnmatch_lines([" shown nothing test_it.py::test_unmarked_and_never_bitten"])
    found = told(pytester)
    assert (found["tests"], found["bugs"]) == (1, [])
    assert found["shown_nothing"] == ["test_it.py::test_unmarked_and_never_bitten"]
    (covered,) = [one for one in found["failure_modes"] if one["covered"]]
    assert (covered["name"], covered["tests"]) == ("hang", ["test_it.py::test_unmarked_and_bitten"])
    assert found["chaos_tests_s"] > 0.3, "the set-up is part of the test's time"
    assert "chaos tests, seed" not in result.stdout.str(), "one count of chaos tests, not two"
