"""Results: a race is told from what was given out twice, and from nothing else."""

from __future__ import annotations

import pytest

from hormesis.record.results import race_detected, results_of
from hormesis.words.check import Finding, Verdict
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import op

FAIL, PASS, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN


def verdict(kind: str, outcome: Outcome, check: str = "c") -> Verdict:
    return Verdict(check, kind, outcome, "s", [Finding(f"{check} of {kind}")])


@pytest.mark.parametrize(
    ("verdicts", "race"),
    [
        ([], None),
        ([verdict("threshold", FAIL, "one-winner")], None),
        ([verdict("invariant", FAIL, "completed-once")], None),
        ([verdict("never-duplicate", UNKNOWN)], None),
        ([verdict("never-duplicate", PASS), verdict("threshold", FAIL, "one-winner")], False),
        ([verdict("never-duplicate", PASS), verdict("never-duplicate", UNKNOWN)], None),
        ([verdict("never-duplicate", UNKNOWN), verdict("never-duplicate", FAIL)], True),
        ([verdict("invariant", FAIL, "no-duplicate-assignment")], True),
        ([verdict("invariant", PASS, "no-duplicate-assignment")], False),
    ],
)
def test_a_race_is_known_only_with_evidence(verdicts: list[Verdict], race: bool | None) -> None:
    assert race_detected(verdicts) is race


def test_figures_leave_out_what_was_done_around_and_beside() -> None:
    ops = [
        op(1, took=0.1),
        op(2, took=0.3, outcome=Ended.FAIL),
        op(3, load="prepare"),
        op(4, load="producer"),
    ]
    told = results_of(ops, [], 2.0, beside=("producer",))
    assert (told["total_requests"], told["successful_requests"]) == (2, 1)
    assert told["requests_per_second"] == 1.0
    assert told["average_response_time_ms"] == pytest.approx(200)
    assert told["p95_response_time_ms"] == pytest.approx(300)
    assert results_of([], [], 0.0)["requests_per_second"] is None


def test_only_failed_checks_of_consistency_are_violations() -> None:
    verdicts = [
        verdict("never-lost", FAIL),
        verdict("threshold", FAIL),
        verdict("never-duplicate", PASS),
    ]
    assert results_of([], verdicts, 1.0)["consistency_violations"] == ["c of never-lost"]
