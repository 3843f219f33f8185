"""A threshold that fails says from when on its limit was broken; one that holds says nothing."""

from __future__ import annotations

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from tests.unit.record.test_breaking_point import FAILED, SLOW, history

PASS, FAIL = Outcome.PASS, Outcome.FAIL


def judged(expression: str, played: History) -> Verdict:
    return Threshold(expression=expression).judge(played)


def points(verdict: Verdict) -> list[str]:
    return [one.sentence for one in verdict.findings if "breaking_point" in one.data]


def test_it_is_the_first_finding_before_the_operations() -> None:
    verdict = judged(SLOW, history(slow_from=32.0))
    first, *others = verdict.findings
    assert verdict.outcome is FAIL
    assert first.sentence.startswith("breaking point: http_req_duration p(95) began to break")
    assert first.data["breaking_at_s"] == pytest.approx(30.0, abs=1.1)
    assert first.data["users"] == pytest.approx(30, abs=2)
    assert f"at {first.data['users']} users, 50/s" in first.sentence
    assert all("op" in one.data for one in others)
    assert len(others) == 5


def test_failures_have_one_too() -> None:
    first = judged(FAILED, history(slow_from=1e9, fail_from=42.0)).findings[0]
    assert "http_req_failed rate began to break" in first.sentence
    assert first.data["breaking_at_s"] == pytest.approx(40.0, abs=1.1)


def test_what_holds_has_none() -> None:
    assert judged(SLOW, history(slow_from=1e9)).findings == []
    # Broken in the end, but not by so much that the whole run broke it.
    kept = judged("http_req_duration p(50) < 500ms", history(slow_from=40.0))
    assert (kept.outcome, points(kept)) == (PASS, [])


@pytest.mark.parametrize("window", ["last 10s", "worst 10s"])
def test_a_claim_about_a_window_has_none(window: str) -> None:
    verdict = judged(f"{SLOW} {window}", history(slow_from=32.0))
    assert (verdict.outcome, points(verdict)) == (FAIL, [])


def test_a_lower_limit_has_none() -> None:
    verdict = judged("100ms < http_req_duration p(95) < 2s", history(slow_from=1e9))
    assert (verdict.outcome, points(verdict)) == (FAIL, [])


def test_users_of_other_loads_do_not_count() -> None:
    tagged = "http_req_duration{load:l} p(95) < 500ms"
    crowded = history(slow_from=32.0, others=1000)
    alone, together = judged(tagged, crowded), judged(SLOW, crowded)
    assert alone.findings[0].data["users"] == pytest.approx(30, abs=2)
    assert together.findings[0].data["users"] == pytest.approx(1030, abs=2)
