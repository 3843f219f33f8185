"""Every fault by every mechanism has a row, and every row keeps the rules of the shelf."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.compose import preparing
from hormesis.compose.conformance import shortcomings
from hormesis.compose.request import RunRequest
from tests.proof.rows import ELSEWHERE, Row, every_row, further_rows

EVERY = [row for row in (*every_row(), *further_rows()) if str(row) not in ELSEWHERE]


def test_no_cell_is_empty() -> None:
    missing = {str(row) for row in every_row() if not row.file.exists()}
    assert missing == ELSEWHERE.keys(), "write tests/proof/<fault>.<mechanism>.yaml"


def containers() -> dict[str, str]:
    """Return what container rows refer to; what is behind it matters to the drill alone."""
    boxes = {f"BOX_{number}": "http://127.0.0.1:9" for number in range(1, 20)}
    names = {"BOX_" + row.fault.upper().replace("-", "_"): "box" for row in EVERY}
    return {"CONTAINER_ENGINE": "/nowhere", **boxes, **names}


@pytest.mark.parametrize("row", EVERY, ids=str)
def test_a_row_does_its_fault_by_its_mechanism_and_conforms(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a fault owes does not depend on what this machine has.
    monkeypatch.setattr(preparing, "survey", lambda names: {})
    monkeypatch.setattr(preparing, "with_containers", lambda experiment: experiment)
    monkeypatch.setattr(preparing, "engines_missing", lambda experiment: {})
    environment = {**os.environ, **containers()}
    request = RunRequest(file=row.file, out=tmp_path, environment=environment)
    timeline = preparing.prepare(request).timeline
    assert shortcomings(timeline) == []
    ways = {(action.fault.kind, action.fault.by) for action in timeline.actions}
    if row in every_row():
        assert (row.fault, row.mechanism) in ways
