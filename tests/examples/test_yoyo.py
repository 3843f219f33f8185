"""The chaos tests of examples/yoyo find what docs/explanation/yoyo.md says, no more and no less."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tidy.rules.source import ROOT

FOLDER = ROOT / "examples" / "yoyo"
PAGE = ROOT / "docs" / "explanation" / "yoyo.md"
QUICK = (
    "test_failing_steps.py::test_a_constraint_that_fails_at_commit_leaves_nothing",
    "test_failing_steps.py::test_what_was_rolled_back_is_not_marked",
    "test_failing_steps.py::test_after_an_error_the_lock_is_free",
    "test_interrupted.py::test_a_migration_that_outlasts_its_other_connection_can_be_applied_again",
)
"""Two that hold or do not without a fault, and two with one: `make test` has no time for more."""

pytest.importorskip("yoyo")
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("examples")]


def run(folder: Path, *tests: str, within_s: float) -> dict[str, str]:
    """Run tests of the example as its reader would; return the outcome of each."""
    told = folder / "told.xml"
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short",
         f"--junitxml={told}", f"--chaos-run-dir={folder / 'runs'}", *tests],
        cwd=FOLDER,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=within_s,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return {one.get("name", ""): outcome(one) for one in ElementTree.parse(told).iter("testcase")}


def outcome(case: ElementTree.Element) -> str:
    """Return ``holds`` or ``expected``; the exit status has told that nothing else was there."""
    skipped = case.find("skipped")
    if skipped is None:
        return "holds"
    return "expected" if skipped.get("type") == "pytest.xfail" else "skipped"


@pytest.mark.prove
def test_some_of_them_end_as_they_say(tmp_path: Path) -> None:
    found = Counter(run(tmp_path, *QUICK, within_s=60).values())
    assert found == {"holds": 1, "expected": 3}


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(3))
def test_all_of_them_end_as_the_page_says(number: int, tmp_path: Path) -> None:
    found = Counter(run(tmp_path, within_s=240).values())
    told = re.search(r"(\d+) tests, of which (\d+) hold and (\d+) fail", PAGE.read_text("utf-8"))
    assert told is not None
    total, hold, fail = map(int, told.groups())
    assert found == {"holds": hold, "expected": fail}
    assert found.total() == total
