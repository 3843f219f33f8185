"""Totals: the few numbers of one run, or of a suite, that one wants to see first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hormesis.record.extent import last_event
from hormesis.record.series import Spread, response_spread
from hormesis.reports.parts.fault_story import fault_stories
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.judging import EVIDENCE
from hormesis.words.op import Ended
from hormesis.words.op_sequence import count_of
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

_RECOVERS = "recovers"


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts, and times in seconds; what was never measured is None.

    ``response`` is over all operations, from when each was due. ``recover_s_max`` is the
    longest recovery that a check of kind ``recovers`` measured, from the release of a fault until
    all was good again; ``recoveries_failed`` counts the checks that saw none in time.
    """

    duration_s: float
    ops: int
    ok: int
    failed: int
    undecided: int
    dropped: int
    response: Spread
    recover_s_max: float | None
    recoveries_failed: int
    faults: int
    """Those that an early end left no time for are not counted."""
    faults_proven: int
    checks: int
    checks_passed: int

    @property
    def error_share(self) -> float | None:
        """Return the share of operations that did not end ok."""
        return (self.ops - self.ok) / self.ops if self.ops else None

    @property
    def rate(self) -> float | None:
        """Return operations per second over the whole run."""
        return self.ops / self.duration_s if self.ops and self.duration_s > 0 else None


def totals_of(runs: Sequence[Judged]) -> Totals:
    """Return the totals of *runs* together; durations add up."""
    histories = [run.history for run in runs]
    ops = sum(len(history.ops) for history in histories)
    response = response_spread(history.ops for history in histories)
    faults = [one for history in histories for one in history.faults if not one.unreached]
    stories = fault_stories(faults)
    claims = [one for run in runs for one in claims_of(run.verdict.verdicts)]
    recoveries = [one for one in claims if one.kind == _RECOVERS]
    ok = sum(count_of(history.ops, outcome=Ended.OK) for history in histories)
    failed = sum(count_of(history.ops, outcome=Ended.FAIL) for history in histories)
    return Totals(
        duration_s=sum(end_of(history) for history in histories),
        ops=ops,
        ok=ok,
        failed=failed,
        undecided=ops - ok - failed,
        dropped=sum(load.dropped for history in histories for load in history.loads),
        response=response,
        recover_s_max=max(_recover_times(recoveries), default=None),
        recoveries_failed=sum(one.outcome is Outcome.FAIL for one in recoveries),
        faults=len(stories),
        faults_proven=sum(story.proven for story in stories),
        checks=len(claims),
        checks_passed=sum(one.outcome is Outcome.PASS for one in claims),
    )


def end_of(history: History) -> float:
    """Return the time of the run's end; of a cut-off run, of the last thing it recorded."""
    return float(history.end["time"]) if history.end else last_event(history)


def claims_of(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the checks that the file asked for, the worst first."""
    order = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS)
    asked = [one for one in verdicts if one.kind != EVIDENCE]
    return sorted(asked, key=lambda one: order.index(one.outcome))


def evidence_of(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts about the run itself: whether it can be trusted."""
    return [one for one in verdicts if one.kind == EVIDENCE]


def _recover_times(recoveries: Sequence[Verdict]) -> Iterable[float]:
    for one in recoveries:
        # Of several episodes ``recover_s`` is the mean.
        worst = one.figures.get("worst_s", one.figures.get("recover_s"))
        if isinstance(worst, int | float) and math.isfinite(worst):
            yield float(worst)
