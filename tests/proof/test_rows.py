"""Every fault by every mechanism has a row, and every row keeps the rules of the shelf."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.compose.conformance import shortcomings
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.plan.compile import compile_timeline
from hormesis.words.trouble import SkipTrouble
from tests.proof.rows import Row, every_row, further_rows

EVERY = [*every_row(), *further_rows()]


def test_no_cell_is_empty() -> None:
    missing = [str(row) for row in every_row() if not row.file.exists()]
    assert missing == [], "write tests/proof/<fault>.<mechanism>.yaml"


@pytest.mark.parametrize("row", EVERY, ids=str)
def test_a_row_does_its_fault_by_its_mechanism_and_conforms(row: Row, tmp_path: Path) -> None:
    if not row.file.exists():
        pytest.skip("told by test_no_cell_is_empty")
    environment = {"CONTAINER_ENGINE": "/nowhere", "CONTAINER_ADDRESS": "127.0.0.1:9", **os.environ}
    try:
        it = prepare(RunRequest(file=row.file, out=tmp_path, environment=environment))
    except SkipTrouble as skipped:
        pytest.skip(str(skipped.problems[0]))
    timeline = compile_timeline(it.experiment)
    assert shortcomings(timeline) == []
    ways = {(action.fault.kind, action.fault.by) for action in timeline.actions}
    if row in every_row():
        assert (row.fault, row.mechanism) in ways
