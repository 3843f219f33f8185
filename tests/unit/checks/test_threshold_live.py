"""Thresholds judged while the run lasts: a fail must stand whatever comes after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.words.history import History, LoadRecord
from hormesis.words.op import Drop, Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import ENDED, op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def growing(end: dict[str, Any] | None = None) -> History:
    ops = [op(n, 1.0 + n / 10) for n in range(50)]
    ops += [op(99, 3.0, took=0.5, outcome=Ended.FAIL, error="x")]
    loads = (LoadRecord("main", 1.0, dropped=2),)
    history = run(ops=ops, loads=loads)
    return replace(history, end=end, drops=[Drop("main", 2.0), Drop("main", 2.5)])


@pytest.mark.parametrize(
    ("expression", "live", "over"),
    [
        ("http_reqs count > 100", UNKNOWN, FAIL),
        ("http_reqs count == 100", UNKNOWN, FAIL),
        ("http_reqs count < 40", FAIL, FAIL),
        ("http_reqs count == 40", FAIL, FAIL),
        ("http_req_duration max > 1s", UNKNOWN, FAIL),
        ("http_req_duration max < 100ms", FAIL, FAIL),
        ("http_req_duration min < 1ms", UNKNOWN, FAIL),
        ("http_req_duration min > 1s", FAIL, FAIL),
        ("http_req_duration p(95) < 1ms", FAIL, FAIL),
        ("100ms < http_req_duration p(95) < 1s", UNKNOWN, FAIL),
        ("http_req_failed rate < 1%", FAIL, FAIL),
        ("http_req_failed rate < 20%", PASS, PASS),
        ("http_reqs rate > 100/s", FAIL, FAIL),
        ("dropped_iterations count < 2", FAIL, FAIL),
        ("dropped_iterations count < 5", UNKNOWN, UNKNOWN),
    ],
)
def test_only_what_can_no_longer_be_kept_fails(
    expression: str, live: Outcome, over: Outcome
) -> None:
    check = Threshold(expression=expression)
    verdicts = [check.judge(growing()), check.judge(growing(ENDED))]
    assert [one.outcome for one in verdicts] == [live, over], verdicts[0].summary


def test_what_it_found_when_it_ended_the_run_stands() -> None:
    check = Threshold.model_validate({
        "expression": "http_req_failed rate < 20%", "abort_on_fail": True, "name": "few errors",
    })  # fmt: skip
    detail = "few errors at 6.0 s: rate is 40%, allowed < 20%, over 10 operations"
    ended = {**ENDED, "reason": "aborted", "detail": detail}
    verdict = check.judge(growing(ended))
    assert verdict.outcome is FAIL
    assert verdict.summary == (
        "aborted at 6.0 s: rate is 40%, allowed < 20%, over 10 operations"
    )
    other = check.model_copy(update={"name": "other"})
    assert other.judge(growing(ended)).outcome is PASS
