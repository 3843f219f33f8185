"""Judging many operations makes values only of those that are told."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.recovers import Recovers
from hormesis.checks.threshold import Threshold
from hormesis.record.op_columns import RecordedColumns
from hormesis.record.op_table import OpTable
from hormesis.record.value_table import ValueTable
from hormesis.words.check import Check
from hormesis.words.history import History
from hormesis.words.op import Ended, Label
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import MANIFEST, fault, run

COUNT = 200_000
BYTES_EACH = 60
"""Of working memory, beside the 28 in which an operation is kept."""


def many(values: ValueTable) -> History:
    """Return operations at even distances, of which those fail that end during a pause."""
    due_us = np.linspace(1e6, 99e6, COUNT).astype(np.int64)
    whole = np.full(COUNT, 1, dtype=np.uint32)
    failed = ((due_us > 20e6) & (due_us < 31e6)).astype(np.uint32)
    columns = RecordedColumns(
        number=np.arange(1, COUNT + 1, dtype=np.uint32), user=whole, label=failed,
        due_us=due_us, lag_us=whole, took_us=whole * 1000, values=values,
    )  # fmt: skip
    labels = [Label("main", "get", Ended.OK), Label("main", "get", Ended.FAIL, "refused")]
    history = run(faults=[fault("pause", 20.0, 30.0)])
    return History(**{**vars(history), "manifest": MANIFEST, "ops": OpTable(columns, labels)})


def none() -> ValueTable:
    return ValueTable(b"\n", np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


CHECKS: list[tuple[type[Check], dict[str, Any]]] = [
    (Recovers, {"fault": "pause", "of": "get", "within": "5s"}),
    (Threshold, {"expression": "http_req_service p(95) < 5"}),
    (Threshold, {"expression": "http_req_failed rate < 50%"}),
]


@pytest.mark.parametrize(("kind", "given"), CHECKS)
def test_a_check_needs_little_memory(kind: type[Check], given: dict[str, Any]) -> None:
    history, check = many(none()), kind.model_validate(given)
    tracemalloc.start()
    try:
        verdict = check.judge(history)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert verdict.outcome is Outcome.PASS
    assert peak < BYTES_EACH * COUNT


def test_duplicates_are_found_among_many_without_keeping_them() -> None:
    lines = [b'[%d,{"job":%d}]\n' % (n, n if n != 9000 else 5) for n in range(1, 10_001)]
    ends = np.cumsum([len(line) for line in lines])
    offsets = np.concatenate([[0], ends[:-1]])
    history = many(ValueTable(b"".join(lines) + b"\n", np.arange(1, 10_001), offsets))
    check = NeverDuplicate(of="get", key=("job",))
    verdict = check.judge(history)
    assert verdict.outcome is Outcome.FAIL
    (finding,) = verdict.findings
    assert finding.cites == ("op 5", "op 9000")
    assert verdict.figures["keys"] == 9999
