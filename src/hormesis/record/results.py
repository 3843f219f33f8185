"""Results: the figures that readers of older job runners expect, defined once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from hormesis.record.op_table import OpTable, table_of
from hormesis.record.series import response_spread
from hormesis.words.check import Verdict
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

AROUND = ("prepare", "finish", "on_fail")
"""Operations of these loads belong to no test: they make ready and tidy up."""

_DUPLICATES, _INVARIANT = "never-duplicate", "invariant"
_CONSISTENCY = (
    _DUPLICATES, "never-lost", _INVARIANT, "exactly-once", "bank-total", "counter", "set", "queue",
    "monotonic",
)  # fmt: skip


def results_of(
    ops: Sequence[Op],
    verdicts: Sequence[Verdict],
    length_s: float,
    *,
    beside: Collection[str] = (),
) -> dict[str, Any]:
    """Return the fields by the names that older readers know; None is what nobody knows.

    Operations of the loads ``AROUND`` and *beside* do not count.
    """
    return results_of_runs([ops], verdicts, length_s, beside=beside)


def results_of_runs(
    several: Iterable[Sequence[Op]],
    verdicts: Sequence[Verdict],
    length_s: float,
    *,
    beside: Collection[str] = (),
) -> dict[str, Any]:
    """Return the same of several runs, whose lengths in seconds add up to *length_s*."""
    counted = [load_ops(table_of(ops), beside) for ops in several]
    response = response_spread(counted)
    return {
        "race_condition_detected": race_detected(verdicts),
        "total_requests": response.count,
        "successful_requests": sum(table.count_of(outcome=Ended.OK) for table in counted),
        "consistency_violations": [
            finding.sentence
            for one in verdicts
            if one.outcome is Outcome.FAIL and one.kind in _CONSISTENCY
            for finding in one.findings
        ],
        "requests_per_second": (
            response.count / length_s if response.count and length_s > 0 else None
        ),
        "average_response_time_ms": None if response.mean is None else 1000 * response.mean,
        "p95_response_time_ms": None if response.p95 is None else 1000 * response.p95,
    }


def load_ops(table: OpTable, beside: Collection[str] = ()) -> OpTable:
    """Return the operations of loads but ``AROUND`` and *beside*."""
    return table.where(table.mask_of(lambda one: one.load not in (*AROUND, *beside)))


def race_detected(verdicts: Iterable[Verdict]) -> bool | None:
    """Return whether something was given out twice; None when no check looked, or could tell.

    Told by ``never: duplicate``, and by each ``invariant`` whose name speaks of a duplicate. How
    many won says nothing: an answer that was lost is no race.
    """
    outcomes = [
        one.outcome
        for one in verdicts
        if one.kind == _DUPLICATES or (one.kind == _INVARIANT and "duplicate" in one.check)
    ]
    if not outcomes:
        return None
    return {Outcome.FAIL: True, Outcome.PASS: False, Outcome.UNKNOWN: None}[Outcome.merge(outcomes)]
