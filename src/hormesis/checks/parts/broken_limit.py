"""Broken limit: from when on it was, and which operations explain it.

Those are the worst ones, or the failures by error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hormesis.record.breaking_point import breaking_point
from hormesis.record.claim import Claim
from hormesis.record.claim_values import TIMES
from hormesis.record.op_table import OpTable
from hormesis.words.check import Finding
from hormesis.words.history import History
from hormesis.words.op import Ended
from hormesis.words.units import text_of_seconds
from hormesis.words.window import Stretch

_CITED_MAX = 10
_WORST = 5


def breaking_of(expression: str, history: History) -> list[Finding]:
    """Return from when on the claim *expression* was broken in the whole run, if it stayed so."""
    point = breaking_point(history, expression)
    if point is None:
        return []
    data = {
        "breaking_point": point.sentence, "breaking_at_s": round(point.at_s, 3),
        "users": point.users, "per_s": round(point.per_s, 3),
    }  # fmt: skip
    cited = f"{point.at_s:.1f} s into the load"
    return [Finding(f"breaking point: {point.sentence}", (cited,), data)]


def findings_of(claim: Claim, value: float, ops: OpTable, stretch: Stretch | None) -> list[Finding]:
    """Return what explains that *value* breaks *claim*; *stretch* is the worst one, if sought."""
    if stretch is not None:
        ops = ops.where(ops.mask_inside([stretch]))
    if claim.metric == "http_req_failed":
        return _by_error(ops)
    if claim.metric not in TIMES or claim.aggregation == "count" or claim.too_little(value):
        return []
    return _worst(claim, ops)


def _worst(claim: Claim, ops: OpTable) -> list[Finding]:
    times = TIMES[claim.metric](ops)
    signed = -times if claim.bounds[-1].sign not in (">", ">=") else times
    few = min(_WORST, len(signed))
    rows = np.argpartition(signed, few - 1)[:few] if few else np.empty(0, dtype=np.int64)
    rows = rows[np.lexsort((rows, signed[rows]))]
    return [
        Finding(
            f"op {op.number} ({op.name}, user {op.user}) took "
            f"{text_of_seconds(round(float(times[row]), 4))}, due at {op.due:.1f} s, "
            f"ended {op.outcome.value}{f' ({op.error})' if op.error else ''}",
            (f"op {op.number}",),
            {"op": op.number, "took_s": float(times[row]), "due_s": op.due},
        )
        for row, op in zip(rows, ops.at(rows), strict=True)
    ]


def _by_error(ops: OpTable) -> list[Finding]:
    groups: dict[tuple[str, str, str], list[int]] = {}
    for code, label in enumerate(ops.labels):
        if label.outcome is not Ended.OK and ops.label_counts[code]:
            key = (label.name, label.outcome.value, label.error)
            groups.setdefault(key, []).append(code)
    counted = [(key, _of_labels(ops, codes)) for key, codes in groups.items()]
    counted.sort(key=lambda item: -len(item[1]))
    return [_failed(key, part) for key, part in counted]


def _of_labels(ops: OpTable, codes: Sequence[int]) -> OpTable:
    return ops.where(np.isin(ops.label, np.array(codes)))


def _failed(key: tuple[str, str, str], ops: OpTable) -> Finding:
    name, outcome, error = key
    ended_s = ops.ended_s
    return Finding(
        f"{name} ended {outcome} {len(ops)} times: {error or 'no reason given'}, "
        f"first at {ended_s.min():.1f} s, last at {ended_s.max():.1f} s",
        tuple(f"op {number}" for number in ops.number[:_CITED_MAX].tolist()),
        {"name": name, "outcome": outcome, "error": error, "count": len(ops)},
    )
