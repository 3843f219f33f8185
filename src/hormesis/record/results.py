"""Results: the figures that readers of older job runners expect, defined once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from hormesis.record.series import spread_of
from hormesis.words.check import Verdict
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

AROUND = ("prepare", "finish")
"""Operations of these loads belong to no test: they make ready and tidy up."""

_DUPLICATES, _INVARIANT = "never-duplicate", "invariant"
_CONSISTENCY = (_DUPLICATES, "never-lost", _INVARIANT)


def results_of(
    ops: Iterable[Op],
    verdicts: Sequence[Verdict],
    length_s: float,
    *,
    beside: Collection[str] = (),
) -> dict[str, Any]:
    """Return the fields by the names that older readers know; None is what nobody knows.

    *ops* and *verdicts* may be of several runs, whose lengths in seconds add up to *length_s*.
    Operations of the loads ``AROUND`` and *beside* do not count.
    """
    counted = [op for op in ops if op.load not in AROUND and op.load not in beside]
    response = spread_of(op.response_s for op in counted)
    return {
        "race_condition_detected": race_detected(verdicts),
        "total_requests": len(counted),
        "successful_requests": sum(op.outcome is Ended.OK for op in counted),
        "consistency_violations": [
            finding.sentence
            for one in verdicts
            if one.outcome is Outcome.FAIL and one.kind in _CONSISTENCY
            for finding in one.findings
        ],
        "requests_per_second": len(counted) / length_s if counted and length_s > 0 else None,
        "average_response_time_ms": None if response.mean is None else 1000 * response.mean,
        "p95_response_time_ms": None if response.p95 is None else 1000 * response.p95,
    }


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
