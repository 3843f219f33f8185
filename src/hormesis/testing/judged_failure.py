"""Judged failure: what a test is told when its experiment did not pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hormesis.words.check import Verdict
from hormesis.words.judging import EVIDENCE
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

FINDINGS_MAX = 5
CHECKS_MAX = 8
MARKS = {Outcome.FAIL: "✘", Outcome.UNKNOWN: "?"}


class JudgedFailure(AssertionError):
    """An experiment of a test failed, or had too little evidence for a verdict.

    ``checks`` are the names of the checks that did not pass.
    """

    __module__ = "hormesis.testing"

    def __init__(self, message: str, judged: Judged) -> None:
        super().__init__(message)
        self.judged = judged
        self.checks = tuple(one.check for one in _not_passed(judged))


def message_of(judged: Judged, directory: Path) -> str:
    """Return what did not pass, in a few lines: every check, its findings, and what to try."""
    verdict = judged.verdict
    word = "left this machine dirty" if verdict.dirty else _word_of(judged)
    rows = _not_passed(judged)
    # The rest of the reason is what the first rows say.
    reason = verdict.reason.partition(". ")[0] if rows else verdict.reason
    lines = [f"{judged.name} {word}: {reason}"]
    for row in rows[:CHECKS_MAX]:
        lines.extend(_told(row))
    if (more := len(rows) - CHECKS_MAX) > 0:
        lines.append(f"  and {more} more checks")
    lines.extend(f"  left on this host: {text}" for text in verdict.dirty)
    lines.extend(f"  not made safe: {text}" for text in verdict.unsafe)
    for advice in dict.fromkeys(row.advice.strip() for row in rows if row.advice):
        lines.append(f"  what to try: {advice}")
    lines.append(f"  the run: {directory}")
    return "\n".join(lines)


def _word_of(judged: Judged) -> str:
    if judged.verdict.stopped_by:
        return "was stopped"
    return {Outcome.FAIL: "failed", Outcome.UNKNOWN: "is unknown"}.get(
        judged.verdict.outcome, "ended early"
    )


def _not_passed(judged: Judged) -> list[Verdict]:
    """Return what did not pass, failures first, the system's before the run's own evidence."""
    rows = [one for one in judged.verdict.verdicts if one.outcome is not Outcome.PASS]
    return sorted(rows, key=lambda one: (one.outcome is not Outcome.FAIL, one.kind == EVIDENCE))


def _told(row: Verdict) -> Iterator[str]:
    yield f"  {MARKS[row.outcome]} {row.check}: {row.summary}"
    if row.kind == EVIDENCE:
        return
    for finding in row.findings[:FINDINGS_MAX]:
        if finding.sentence == row.summary:
            continue
        cited = f" ({', '.join(finding.cites[:FINDINGS_MAX])})" if finding.cites else ""
        yield f"      {finding.sentence}{cited}"
    if (more := len(row.findings) - FINDINGS_MAX) > 0:
        yield f"      and {more} more, in the report"
