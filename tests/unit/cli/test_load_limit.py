"""What a trial says about the limit, and the page that tells it."""

from __future__ import annotations

from typing import Any

import pytest

from hormesis.checks.threshold import OWN_LATENESS
from hormesis.compose.finding_limit import trial_of
from hormesis.compose.limit_page import limit_page
from hormesis.record.limit_search import TrialEnd
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.judging import EVIDENCE
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged


def judged(
    outcome: Outcome, *, trouble: str = "", lost: str = "", reason: str = "", summary: str = "told"
) -> Judged:
    rows = (
        Verdict("http_req_duration p(95) < 5ms", "threshold", outcome, summary),
        Verdict("the run completed", EVIDENCE, Outcome.PASS, "told"),
    )
    history = History({}, loads=(LoadRecord("default", 0.0, 1.0, trouble=trouble, lost=lost),))
    return Judged("t", history, RunVerdict(outcome, reason, rows))


def test_what_passed_held_and_what_failed_broke() -> None:
    assert trial_of(10, judged(Outcome.PASS)).ended is TrialEnd.HELD
    broke = trial_of(10, judged(Outcome.FAIL))
    assert (broke.ended, broke.why) == (TrialEnd.BROKE, "http_req_duration p(95) < 5ms broke")


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS])
def test_a_generator_in_trouble_proves_nothing_either_way(outcome: Outcome) -> None:
    trial = trial_of(10, judged(outcome, trouble="it was late"))
    assert (trial.ended, trial.why) == (TrialEnd.SATURATED, "it was late")
    assert trial_of(10, judged(outcome, lost="half of it")).ended is TrialEnd.SATURATED


def test_a_system_that_is_gone_did_not_hold() -> None:
    trial = trial_of(10, judged(Outcome.UNKNOWN, reason="not reached"))
    assert (trial.ended, trial.why) == (TrialEnd.BROKE, "not reached")


def test_what_was_the_generators_own_lateness_proves_nothing() -> None:
    late = f"p(95) is 5.1ms, allowed < 5ms, but {OWN_LATENESS} 3ms late (p95)"
    trial = trial_of(10, judged(Outcome.UNKNOWN, summary=late))
    assert (trial.ended, trial.why) == (TrialEnd.SATURATED, late)


def trial(rate: float, ended: str, p95_s: float | None) -> dict[str, Any]:
    return {
        "rate": rate, "ended": ended, "why": "<b>", "run": f"run-{rate}", "p50_s": p95_s,
        "p95_s": p95_s, "p99_s": p95_s, "failed_share": 0.0, "ended_per_s": rate, "count": 1,
    }  # fmt: skip


def page(*trials: dict[str, Any], **changes: Any) -> str:
    data = {
        "title": "Limit of <x>", "answer": "at least", "sort": "found", "confidence": 0.88,
        "low": None, "high": None, "trials": trials, **changes,
    }  # fmt: skip
    return limit_page(data).decode()


def test_the_page_shows_every_trial_and_escapes_what_it_is_told() -> None:
    ends = {"low": {"rate": 10.0}, "high": {"rate": 20.0}}
    text = page(trial(10, "held", 0.01), trial(20, "broke", 1.5), **ends)
    assert text.count("<circle") == 2
    assert "<rect" in text
    assert "Limit of &lt;x&gt;" in text
    assert "<b>" not in text


def test_the_page_does_without_figures() -> None:
    text = page(trial(10, "broke", None), sort="below")
    assert "No trial had an operation that ended." in text
    assert page(sort="generator")


def test_one_trial_is_a_chart_too() -> None:
    assert page(trial(10, "held", 0.01)).count("<circle") == 1
