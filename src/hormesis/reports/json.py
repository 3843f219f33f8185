"""Report ``json``: everything for programs, in a stable shape that names its version.

The shape, version 1. Times are seconds since the start of the run, lengths of time are seconds
unless the name ends in ``_ms``, shares are 0 to 1; what is not known is null ::

    schema      "hormesis-report/1"; a field may be added under the same number, never changed
    title, outcome (pass, fail, unknown), left_dirty, reason
    runs        a list, one entry per run:
      name, outcome, left_dirty, reason, dirty[], stopped_by, duration_s, ended, manifest{}
      replay    the command that runs it again
      checks[]  check, kind, outcome, summary, findings[{sentence, cites[], data{}}], figures{},
                advice
      evidence[]  the same, about the run itself: whether it can be trusted
      faults[]  id, track, kind, target, state, asked, injected, bitten, released, healed, proof,
                proof_gone, trouble, released_by, skipped
      phases[]  name, stretches[[start, end]], count, ok, fail, info, rate, errors_share,
                response{}, service{}, lag{}; those hold count, mean, p50, p95, p99, highest
      loads[]   load, started, ended, users, iterations, dropped, spread_s, loop_lag_s, trouble
      processes[], notes[], problems[]
      results   race_condition_detected, total_requests, successful_requests,
                consistency_violations[], requests_per_second, average_response_time_ms,
                p95_response_time_ms
    recommendations[]  advice, reasons[{run, check, outcome, finding}]

``race_condition_detected`` is null when no check looked for duplicates, or none could tell.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hormesis.record.phase_cut import PhaseFigures, cut
from hormesis.reports.parts.fault_story import fault_stories
from hormesis.reports.parts.manifest_facts import replay_command
from hormesis.reports.parts.plain_data import plain
from hormesis.reports.parts.recommendations import recommendations
from hormesis.reports.parts.standing import standing_of_suite
from hormesis.reports.parts.totals import Totals, evidence_of, totals_of
from hormesis.words.check import Verdict
from hormesis.words.judging import EVIDENCE
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

SCHEMA = "hormesis-report/1"
_DUPLICATES = "never-duplicate"


class Json(Report):
    """The whole report as one JSON object, for programs; see this module for the shape."""

    file_name: str = "report.json"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the object as ASCII, so that no reader's encoding can spoil it."""
        told = {
            "schema": SCHEMA,
            "title": title,
            "outcome": Outcome.merge(run.verdict.outcome for run in runs),
            "left_dirty": any(run.verdict.dirty for run in runs),
            "reason": standing_of_suite(runs).reason,
            "runs": [_run(run) for run in runs],
            "recommendations": recommendations(runs),
        }
        return json.dumps(plain(told), indent=1, allow_nan=False).encode("ascii") + b"\n"


def _run(run: Judged) -> dict[str, Any]:
    history, verdict = run.history, run.verdict
    sums = totals_of([run])
    return {
        "name": run.name,
        "outcome": verdict.outcome,
        "left_dirty": bool(verdict.dirty),
        "reason": verdict.reason,
        "dirty": list(verdict.dirty),
        "stopped_by": verdict.stopped_by,
        "duration_s": sums.duration_s,
        "ended": history.end.get("reason") if history.end else None,
        "manifest": history.manifest,
        "replay": replay_command(history),
        "checks": [one for one in verdict.verdicts if one.kind != EVIDENCE],
        "evidence": evidence_of(verdict.verdicts),
        "faults": [
            {**plain(story.record), "state": story.word} for story in fault_stories(history.faults)
        ],
        "phases": [_phase(one) for one in cut(history)] if history.ops else [],
        "loads": history.loads,
        "processes": history.processes,
        "notes": history.notes,
        "problems": list(history.problems),
        "results": _results(sums, verdict.verdicts),
    }


def _phase(one: PhaseFigures) -> dict[str, Any]:
    told: dict[str, Any] = plain(one)
    return {**told, "errors_share": one.errors_share}


def _results(sums: Totals, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the figures under the names that the readers of older job runners know."""
    response = sums.response
    failed = [one for one in verdicts if one.outcome is Outcome.FAIL]
    return {
        "race_condition_detected": _race(verdicts),
        "total_requests": sums.ops,
        "successful_requests": sums.ok,
        "consistency_violations": [f.sentence for one in failed for f in one.findings],
        "requests_per_second": sums.rate,
        "average_response_time_ms": None if response.mean is None else 1000 * response.mean,
        "p95_response_time_ms": None if response.p95 is None else 1000 * response.p95,
    }


def _race(verdicts: Sequence[Verdict]) -> bool | None:
    outcome = Outcome.merge(one.outcome for one in verdicts if one.kind == _DUPLICATES)
    return {Outcome.FAIL: True, Outcome.PASS: False, Outcome.UNKNOWN: None}[outcome]
