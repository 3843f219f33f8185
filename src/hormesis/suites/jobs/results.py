"""``results.json``: the fields that readers of the older job test runner expect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from hormesis.record.percentile import percentile_of
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

CONSISTENCY_KINDS = ("never-duplicate", "never-lost", "invariant")
RACE_CHECKS = ("no-duplicate-claim", "no-duplicate-assignment", "one-winner")
BESIDE = ("prepare", "finish", "producer", "database-load")
"""Loads that are not the bots whose figures are asked for."""


class JobsResults(Report):
    """One object per scenario, and the same fields over all of them."""

    file_name: str = "results.json"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        tests = {judged.name: _one(judged) for judged in runs}
        ops = [op for judged in runs for op in _bot_ops(judged.history)]
        spans = sum(_length(judged.history) for judged in runs)
        whole: dict[str, Any] = {
            "title": title,
            "race_condition_detected": any(t["race_condition_detected"] for t in tests.values()),
            **_figures(ops, spans),
            "consistency_violations": _joined(tests.values(), "consistency_violations"),
            "orphaned_bots": _joined(tests.values(), "orphaned_bots"),
            "duplicate_assignments": _joined(tests.values(), "duplicate_assignments"),
            "recommendations": list(
                dict.fromkeys(_joined(tests.values(), "recommendations"))
            ),
            "tests": tests,
        }
        return json.dumps(whole, indent=2).encode() + b"\n"


def _one(judged: Judged) -> dict[str, Any]:
    failed = [one for one in judged.verdict.verdicts if one.outcome is Outcome.FAIL]
    return {
        "outcome": judged.verdict.outcome.value,
        "reason": judged.verdict.reason,
        "time_scale": judged.history.manifest.get("time_scale", 1.0),
        "race_condition_detected": any(one.check in RACE_CHECKS for one in failed),
        **_figures(_bot_ops(judged.history), _length(judged.history)),
        "consistency_violations": [
            finding.sentence
            for one in failed
            if one.kind in CONSISTENCY_KINDS
            for finding in one.findings
        ],
        "orphaned_bots": _orphans(judged.history),
        "duplicate_assignments": _duplicates(judged.history),
        "errors": _errors(judged.history),
        "recovery_time_s": {
            one.check: one.figures.get("worst_s")
            for one in judged.verdict.verdicts
            if one.kind == "recovers"
        },
        "recommendations": [one.advice.strip() for one in failed if one.advice],
    }


def _bot_ops(history: History) -> list[Op]:
    return [op for op in history.ops if op.load not in BESIDE]


def _length(history: History) -> float:
    window = history.tracks_window
    if window is None:
        return 0.0
    last = max((op.ended for op in history.ops), default=window[0])
    return min(window[1], last) - window[0]


def _figures(ops: Sequence[Op], length_s: float) -> dict[str, Any]:
    times = sorted(op.response_s for op in ops)
    ok = sum(op.outcome is Ended.OK for op in ops)
    return {
        "successful_requests": ok,
        "total_requests": len(ops),
        "success_rate": round(ok / len(ops), 5) if ops else None,
        "requests_per_second": round(len(ops) / length_s, 2) if length_s > 0 else None,
        "average_response_time_ms": _ms(sum(times) / len(times)) if times else None,
        "p95_response_time_ms": _ms(percentile_of(times, 95)) if times else None,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _errors(history: History) -> dict[str, int]:
    """Count errors by their word, so that a time-out or a full database is not taken for a race."""
    counts: dict[str, int] = {}
    for op in _bot_ops(history):
        if op.error:
            counts[op.error] = counts.get(op.error, 0) + 1
    return counts


def _orphans(history: History) -> list[dict[str, Any]]:
    found = {
        str(row.get("id")): {"id": row.get("id"), "current_job_id": row.get("current_job_id")}
        for record in history.observations("orphaned-bots")
        for row in record.rows
    }
    return list(found.values())


def _duplicates(history: History) -> list[dict[str, Any]]:
    found = {
        str(row.get("current_job_id")): {
            "current_job_id": row.get("current_job_id"),
            "bot_ids": str(row.get("bot_ids", "")).split(", "),
        }
        for record in history.observations("duplicate-assignments")
        for row in record.rows
    }
    return list(found.values())


def _joined(tests: Iterable[dict[str, Any]], field: str) -> list[Any]:
    return [item for test in tests for item in test[field]]
