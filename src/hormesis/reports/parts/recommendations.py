"""Recommendations: what to try, taken from the advice of checks that failed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hormesis.words.check import Verdict
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged


@dataclass(frozen=True, slots=True)
class Reason:
    """What led to a recommendation: in which run, which check, and its first finding."""

    run: str
    check: str
    outcome: Outcome
    finding: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One piece of advice with everything that led to it."""

    advice: str
    reasons: tuple[Reason, ...]


def recommendations(runs: Sequence[Judged]) -> list[Recommendation]:
    """Return every piece of advice once; what stayed unknown says nothing about what to do."""
    found: dict[str, list[Reason]] = {}
    for run in runs:
        for verdict in run.verdict.verdicts:
            if verdict.outcome is Outcome.FAIL and verdict.advice:
                found.setdefault(verdict.advice, []).append(_reason(run.name, verdict))
    return [Recommendation(advice, tuple(reasons)) for advice, reasons in found.items()]


def _reason(run: str, verdict: Verdict) -> Reason:
    finding = verdict.findings[0].sentence if verdict.findings else verdict.summary
    return Reason(run, verdict.check, verdict.outcome, finding)
