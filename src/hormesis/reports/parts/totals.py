"""Totals: the few numbers of one run, or of a suite, that one wants to see first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hormesis.record.extent import last_event
from hormesis.record.series import Spread, spread_of
from hormesis.reports.parts.fault_story import FaultStory, fault_stories
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.judging import EVIDENCE
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts, and times in seconds; what was never measured is None.

    ``response`` is over all operations, from when each was due. ``heal_s_max`` is the longest
    time from the release of a fault until its bite was seen to be gone.
    """

    duration_s: float
    ops: int
    ok: int
    failed: int
    undecided: int
    dropped: int
    response: Spread
    heal_s_max: float | None
    faults: int
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
    ops = [op for history in histories for op in history.ops]
    response = spread_of(op.response_s for op in ops)
    stories = [story for history in histories for story in fault_stories(history.faults)]
    claims = [one for run in runs for one in claims_of(run.verdict.verdicts)]
    ok = sum(op.outcome is Ended.OK for op in ops)
    failed = sum(op.outcome is Ended.FAIL for op in ops)
    return Totals(
        duration_s=sum(end_of(history) for history in histories),
        ops=len(ops),
        ok=ok,
        failed=failed,
        undecided=len(ops) - ok - failed,
        dropped=sum(load.dropped for history in histories for load in history.loads),
        response=response,
        heal_s_max=max(_heal_times(stories), default=None),
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


def _heal_times(stories: Sequence[FaultStory]) -> Iterable[float]:
    for story in stories:
        if story.record.released is not None and story.record.healed is not None:
            yield story.record.healed - story.record.released

