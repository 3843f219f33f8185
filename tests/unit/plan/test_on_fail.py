"""What ``on_fail`` does is in the plan, and its commands are in the permit."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.plan.compile import compile_timeline
from hormesis.plan.text import plan_lines
from hormesis.words.command import ON_FAIL
from tests.unit.spec.reading import GOOD, read_text

COMMAND = "on_fail:\n  - {run: [make, abort]}\n"
CLIENT = 'on_fail:\n  - {http: "${link.web.url}", steps: [{name: abort, get: /abort}]}\n'


@pytest.mark.parametrize(
    ("on_fail", "told", "allowed"),
    [(COMMAND, "make abort", True), (CLIENT, "abort", False), ("", "", False)],
)
def test_only_who_has_a_command_may_run_one(
    on_fail: str, told: str, allowed: bool, tmp_path: Path
) -> None:
    timeline = compile_timeline(read_text(tmp_path, GOOD + on_fail))
    assert (("program", ON_FAIL) in timeline.permit.allowed) == allowed
    assert ("program", ON_FAIL) not in timeline.permit.bounded
    lines = [one for one in plan_lines(timeline) if "unless it passes" in one]
    assert len(lines) == bool(on_fail)
    assert all(told in one for one in lines)
