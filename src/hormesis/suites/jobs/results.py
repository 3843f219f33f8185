"""``results.json``: the fields that readers of the older job test runner expect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hormesis.record.extent import last_end
from hormesis.record.op_table import table_of
from hormesis.record.results import load_ops, results_of, results_of_runs
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

BESIDE = ("producer", "database-load")
"""Loads that are not the bots whose figures are asked for."""


class JobsResults(Report):
    """One object per scenario, and the same fields over all of them."""

    file_name: str = "results.json"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        tests = {judged.name: _one(judged) for judged in runs}
        several = [judged.history.ops for judged in runs]
        verdicts = [one for judged in runs for one in judged.verdict.verdicts]
        spans = sum(_length(judged.history) for judged in runs)
        whole: dict[str, Any] = {
            "title": title,
            "skipped": [judged.name for judged in runs if judged.verdict.skipped],
            **_figures(results_of_runs(several, verdicts, spans, beside=BESIDE)),
            "orphaned_bots": _joined(tests.values(), "orphaned_bots"),
            "duplicate_assignments": _joined(tests.values(), "duplicate_assignments"),
            "recommendations": list(
                dict.fromkeys(_joined(tests.values(), "recommendations"))
            ),
            "tests": tests,
        }
        return json.dumps(whole, indent=2).encode() + b"\n"


def _one(judged: Judged) -> dict[str, Any]:
    history, verdicts = judged.history, judged.verdict.verdicts
    failed = [one for one in verdicts if one.outcome is Outcome.FAIL]
    return {
        "outcome": judged.verdict.outcome.value,
        "reason": judged.verdict.reason,
        "skipped": judged.verdict.skipped or None,
        "time_scale": judged.history.manifest.get("time_scale", 1.0),
        **_figures(results_of(history.ops, verdicts, _length(history), beside=BESIDE)),
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


def _length(history: History) -> float:
    window = history.tracks_window
    if window is None:
        return 0.0
    last = last_end(history.ops) if history.ops else window[0]
    return min(window[1], last) - window[0]


def _figures(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return *results* rounded to what is worth reading, and the share of successes."""
    rounded = {
        field: round(value, 2) if isinstance(value, float) else value
        for field, value in results.items()
    }
    total, ok = results["total_requests"], results["successful_requests"]
    return {**rounded, "success_rate": round(ok / total, 5) if total else None}


def _errors(history: History) -> dict[str, int]:
    """Count errors by their word, so that a time-out or a full database is not taken for a race."""
    counts: dict[str, int] = {}
    ops = load_ops(table_of(history.ops), BESIDE)
    for label, count in zip(ops.labels, ops.label_counts.tolist(), strict=True):
        if label.error and count:
            counts[label.error] = counts.get(label.error, 0) + count
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
