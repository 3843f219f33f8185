"""Report ``json``: everything for programs, in a stable shape that names its version.

The shape, version 1. Times are seconds since the start of the run, lengths of time are seconds
unless the name ends in ``_ms``, shares are 0 to 1; what is not known is null ::

    schema      "hormesis-report/1"; a field may be added under the same number, never changed
    title, outcome (pass, fail, unknown), left_dirty, reason
    runs        a list, one entry per run:
      name, outcome, left_dirty, reason, dirty[], stopped_by, duration_s, ended, manifest{}
      unsafe[]  texts: what `on_fail` did not succeed in, what was asked and what came
      remark    what was remarked on a pass, such as late; empty when nothing was
      early     what ended the tracks before their time: condition, time, told, gave_up; or null
      skipped   the reason why it was not even tried; empty when it was
      replay    the command that runs it again
      checks[]  check, kind, outcome, summary, findings[{sentence, cites[], data{}}], figures{},
                advice, remark
      left_out[]  texts: each check that `unless` left out, with its reason
      evidence[]  the same, about the run itself: whether it can be trusted
      faults[]  id, track, kind, target, state, asked, injected, bitten, released, healed, proof,
                proof_gone, trouble, released_by, skipped, unreached, length_s
      phases[]  name, stretches[[start, end]], count, ok, fail, info, rate, errors_share,
                response{}, service{}, lag{}; those hold count, mean, p50, p95, p99, highest
      loads[]   load, started, ended, users, iterations, dropped, waited, spread_s, loop_lag_s,
                cpu_share, processes, trouble, lost, late_p50_s, late_p95_s, late_p99_s,
                cpu_wait_share
      processes[], notes[], problems[]
      results   race_condition_detected, total_requests, successful_requests,
                consistency_violations[], requests_per_second, average_response_time_ms,
                p95_response_time_ms
    recommendations[]  advice, reasons[{run, check, outcome, finding}]

``race_condition_detected`` is null when no check looked for duplicates, or one could not tell.
``results`` leaves out what ``prepare`` and ``finish`` did.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hormesis.record.phase_cut import PhaseFigures, cut
from hormesis.record.results import results_of
from hormesis.reports.parts.fault_story import fault_stories
from hormesis.reports.parts.manifest_facts import replay_command
from hormesis.reports.parts.plain_data import plain
from hormesis.reports.parts.recommendations import recommendations
from hormesis.reports.parts.standing import standing_of_suite
from hormesis.reports.parts.totals import end_of, evidence_of
from hormesis.words.end_condition import early_end
from hormesis.words.judging import EVIDENCE
from hormesis.words.report import Judged, Report, outcome_of_suite

SCHEMA = "hormesis-report/1"


class Json(Report):
    """The whole report as one JSON object, for programs; see this module for the shape."""

    file_name: str = "report.json"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the object as ASCII, so that no reader's encoding can spoil it."""
        told = {
            "schema": SCHEMA,
            "title": title,
            "outcome": outcome_of_suite(runs),
            "left_dirty": any(run.verdict.dirty for run in runs),
            "reason": standing_of_suite(runs).reason,
            "runs": [_run(run) for run in runs],
            "recommendations": recommendations(runs),
        }
        return json.dumps(plain(told), indent=1, allow_nan=False).encode("ascii") + b"\n"


def _run(run: Judged) -> dict[str, Any]:
    history, verdict = run.history, run.verdict
    duration_s = end_of(history)
    return {
        "name": run.name,
        "outcome": verdict.outcome,
        "left_dirty": bool(verdict.dirty),
        "reason": verdict.reason,
        "dirty": list(verdict.dirty),
        "unsafe": list(verdict.unsafe),
        "stopped_by": verdict.stopped_by,
        "skipped": verdict.skipped,
        "duration_s": duration_s,
        "ended": history.end.get("reason") if history.end else None,
        "remark": verdict.remark,
        "early": early_end(history.end),
        "manifest": history.manifest,
        "replay": replay_command(history),
        "checks": [one for one in verdict.verdicts if one.kind != EVIDENCE],
        "left_out": list(history.left_out),
        "evidence": evidence_of(verdict.verdicts),
        "faults": [
            {**plain(story.record), "state": story.word} for story in fault_stories(history.faults)
        ],
        "phases": [_phase(one) for one in cut(history)] if history.ops else [],
        "loads": history.loads,
        "processes": history.processes,
        "notes": history.notes,
        "problems": list(history.problems),
        "results": results_of(history.ops, verdict.verdicts, duration_s),
    }


def _phase(one: PhaseFigures) -> dict[str, Any]:
    told: dict[str, Any] = plain(one)
    return {**told, "errors_share": one.errors_share}
