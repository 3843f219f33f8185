"""``hormesis check --quiet``: the verdict, without findings that held and without advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.cli import judge_command
from hormesis.compose.judged_again import JudgedAgain
from tests.unit.cli.command_line import CommandLine
from tests.unit.reports.sample import sample_suite


@pytest.mark.parametrize("count", [1, 2])
def test_only_the_verdict_is_said(
    count: int, hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [one for one in sample_suite() if one.verdict.outcome.value == "fail"]
    again = JudgedAgain(Path(), (runs * 2)[:count], ())
    monkeypatch.setattr(judge_command, "judged_again", lambda path: again)
    loud, quiet = hormesis("check", "."), hormesis("check", ".", "-q")
    assert loud.code == quiet.code == 1
    assert "What to try" in loud.out and "What to try" not in quiet.out
    assert quiet.out.count(f"FAIL {runs[0].name}: ") >= 1
    assert len(quiet.out) < len(loud.out)
