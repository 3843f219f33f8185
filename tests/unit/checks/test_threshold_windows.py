"""Thresholds by window: overtaken operations, the last and the worst stretch, dropped arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.words.check import Verdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Drop, Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def judged(expression: str, history: History, **given: Any) -> Verdict:
    return Threshold.model_validate({"expression": expression, **given}).judge(history)


def even(start: float, end: float, took: float = 0.05, **given: Any) -> list[Op]:
    """Return ten operations a second from *start* to *end*."""
    count = round((end - start) * 10)
    return [op(round(start * 10) + n, start + n / 10, took=took, **given) for n in range(count)]


def played(ops: Sequence[Op], drops: Sequence[float] = (), dropped: int = 0) -> History:
    loads = (LoadRecord("main", 1.0, ended=80.0, dropped=dropped or len(drops)),)
    history = run(ops=ops, faults=[fault()], loads=loads)
    return replace(history, drops=[Drop("main", due) for due in drops])


@pytest.mark.parametrize("form", ["during(pause)", "during pause"])
def test_a_window_behind_the_claim_is_the_same_as_the_key(form: str) -> None:
    made = Threshold(expression=f"http_reqs count > 5 {form}")
    assert made == Threshold(expression="http_reqs count > 5", during="pause")
    assert "during" in made.model_fields_set
    assert made.describe() == "http_reqs count > 5 during pause"
    assert Threshold.model_validate(made.model_dump(mode="json", exclude_unset=True)) == made


def test_a_length_survives_being_written_down() -> None:
    made = Threshold(expression="http_req_duration p(95) < 5ms worst 1500ms")
    assert made.worst == 1.5
    assert made.describe() == "http_req_duration p(95) < 5ms worst 1.5s"
    assert Threshold.model_validate(made.model_dump(mode="json", exclude_unset=True)) == made


def test_lengths_shrink_with_the_run() -> None:
    data = {"expression": "http_reqs rate > 5 worst 10s"}
    assert Threshold.model_validate(data, context={"time_scale": 0.1}).worst == 1.0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"expression": "http_reqs count>5 last 5s worst 5s"}, "one of last, worst"),
        ({"expression": "http_reqs count>5 last 5s", "last": "5s"}, "expected last once"),
        ({"expression": "http_reqs count>5 during(x)", "after": "y"}, "one of during, after"),
        ({"expression": "http_reqs count>5", "worst": "0s"}, "greater than 0"),
        ({"expression": "http_reqs count>5", "delay_abort_eval": "5s"}, "expected abort_on_fail"),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Threshold.model_validate(given)


CUT = op(1, 19.8, took=5.0, outcome=Ended.FAIL, error="timeout")


@pytest.mark.parametrize(
    ("window", "samples"), [("before", 2), ("outside", 3), ("during", 1), ("after", 1)]
)
def test_what_a_fault_overtook_is_neither_before_nor_outside(window: str, samples: int) -> None:
    others = [op(2, 5.0), op(3, 19.0, took=0.85), op(4, 21.0), op(5, 40.0)]
    verdict = judged("http_req_failed rate == 0%", played([CUT, *others]), **{window: "pause"})
    assert (verdict.outcome, verdict.figures["samples"]) == (PASS, samples)


def test_an_operation_from_before_a_fault_to_after_it_is_not_outside_it() -> None:
    across = op(1, 19.0, took=15.0)
    verdict = judged("http_req_duration max < 1s", played([across, op(2, 40.0)]), outside="pause")
    assert (verdict.outcome, verdict.figures["samples"]) == (PASS, 1)


def test_an_operation_that_outlasts_the_tracks_is_not_overtaken() -> None:
    late = op(1, 89.5, took=3.0)
    verdict = judged("http_req_duration max < 1s", played([late]), outside="pause")
    assert verdict.outcome is FAIL


def test_that_all_were_overtaken_is_told() -> None:
    verdict = judged("http_req_failed rate == 0%", played([CUT]), before="pause")
    assert verdict.outcome is UNKNOWN
    assert verdict.summary == "no samples before pause: the fault overtook all 1 that were due"


def test_the_last_seconds() -> None:
    history = played([*even(1, 60), *even(60, 80, took=0.5)])
    slow = judged("http_req_duration p(95) < 100ms last 10s", history)
    assert slow.outcome is FAIL
    assert slow.figures["samples"] in (100, 101)
    assert "in the last 10s" in slow.summary
    assert all(one.data["due_s"] >= 69.8 for one in slow.findings)
    assert judged("http_req_duration p(70) < 100ms", history).outcome is PASS


def test_the_last_seconds_of_a_window() -> None:
    history = played([*even(1, 27, took=0.5), *even(27, 40)])
    assert judged("http_req_duration max < 100ms during(pause) last 3s", history).outcome is PASS
    assert judged("http_req_duration max < 100ms during(pause) last 4s", history).outcome is FAIL


def test_the_worst_stretch_finds_what_the_whole_run_hides() -> None:
    history = played([*even(1, 50), *even(50, 52, took=0.9), *even(52, 80)])
    assert judged("http_req_duration p(95) < 500ms", history).outcome is PASS
    verdict = judged("http_req_duration p(95) < 500ms worst 10s", history)
    assert verdict.outcome is FAIL
    start, end = verdict.figures["worst_from_s"], verdict.figures["worst_to_s"]
    assert isinstance(start, float)
    assert isinstance(end, float)
    assert 41 <= start <= 51
    assert end == pytest.approx(start + 10)
    assert f"in the worst 10s (from {start:.1f} s to {end:.1f} s)" in verdict.summary
    assert [one.data["took_s"] for one in verdict.findings] == [pytest.approx(0.9)] * 5


def test_the_worst_stretch_of_a_rate_of_operations() -> None:
    history = played([*even(1, 40), *even(45, 80)])
    assert judged("http_reqs rate > 8/s", history).outcome is PASS
    verdict = judged("http_reqs rate > 8/s worst 5s", history)
    assert (verdict.outcome, verdict.figures["value_per_s"]) == (FAIL, 0.0)


def test_users_that_finish_do_not_lower_the_worst_rate() -> None:
    loads = (LoadRecord("main", 1.0, ended=75.0),)
    history = run(ops=even(1, 70), loads=loads)
    assert judged("http_reqs rate > 9/s worst 5s", history).outcome is PASS


def test_a_run_shorter_than_the_stretch_is_unknown() -> None:
    verdict = judged("http_req_duration max < 1s during(pause) worst 20s", played(even(1, 80)))
    assert verdict.outcome is UNKNOWN
    assert verdict.summary == "no load ran for 20s during pause"


@pytest.mark.parametrize(
    ("words", "count"),
    [("", 6), ("before(pause)", 1), ("during(pause)", 3), ("after(pause)", 2), ("worst 1s", 3)],
)
def test_dropped_arrivals_are_counted_where_they_were_due(words: str, count: int) -> None:
    drops = [5.0, 21.0, 21.1, 21.2, 40.0, 50.0]
    verdict = judged(f"dropped_iterations count == 0 {words}", played(even(1, 80), drops))
    assert (verdict.outcome, verdict.figures["value"]) == (FAIL, count)


def test_drops_of_unknown_time_leave_a_window_open() -> None:
    history = played(even(1, 80), [21.0], dropped=5)
    assert judged("dropped_iterations count < 9", history).outcome is PASS
    verdict = judged("dropped_iterations count < 9 during(pause)", history)
    assert verdict.outcome is UNKNOWN
    assert "of 4 more dropped arrivals it is not known when" in verdict.summary


@pytest.mark.parametrize(
    ("window", "outcome"), [("before", PASS), ("during", UNKNOWN), ("after", PASS)]
)
@pytest.mark.parametrize("claim", ["http_req_duration max < 1s", "http_req_failed rate == 0%"])
def test_dropped_arrivals_cast_doubt_on_their_own_window_only(
    claim: str, window: str, outcome: Outcome
) -> None:
    verdict = judged(claim, played(even(1, 80), [21.0, 22.0]), **{window: "pause"})
    assert verdict.outcome is outcome
    if outcome is UNKNOWN:
        assert "2 arrivals were dropped and are not in it" in verdict.summary


def test_dropped_arrivals_cast_doubt_on_the_worst_stretch() -> None:
    few = played(even(1, 80), [50.0 + n / 10 for n in range(20)])
    assert judged("http_req_duration p(90) < 1s", few).outcome is PASS
    assert judged("http_req_duration p(90) < 1s worst 5s", few).outcome is UNKNOWN


def slices(metric: str, sort: MetricSort, values: dict[float, float]) -> list[MetricSlice]:
    return [
        MetricSlice(metric, sort, "main", start, 1, value, value, value, value)
        for start, value in values.items()
    ]


def test_slices_are_judged_in_windows() -> None:
    counted = slices("iterations", MetricSort.COUNTER, {5.0: 2.0, 19.8: 1.0, 25.0: 5.0, 40.0: 3.0})
    history = replace(played(even(1, 80)), metrics=counted)
    for words, value in [("before(pause)", 2), ("during(pause)", 5), ("after(pause)", 3)]:
        verdict = judged(f"iterations count > 100 {words}", history)
        assert (verdict.outcome, verdict.figures["value"]) == (FAIL, value)


def test_what_is_known_of_whole_runs_only_takes_no_window() -> None:
    verdict = judged("iterations count > 1 during(pause)", played(even(1, 80)))
    assert verdict.summary == "iterations was recorded for the whole run only"


RANGE = "200ms < http_req_duration p(95) < 2s during(pause)"


@pytest.mark.parametrize(
    ("took", "outcome", "told"),
    [
        (0.05, FAIL, "; too little degradation: the fault did not hurt the users"),
        (0.5, PASS, "allowed > 200ms and < 2s, over 100 operations during pause"),
        (3.0, FAIL, "p(95) is 3s, allowed > 200ms and < 2s"),
    ],
)
def test_an_expected_degradation_has_two_limits(took: float, outcome: Outcome, told: str) -> None:
    verdict = judged(RANGE, played([*even(1, 20), *even(20, 30, took=took), *even(30, 80)]))
    assert (verdict.outcome, told in verdict.summary) == (outcome, True), verdict.summary
    assert (verdict.figures["limit_low_s"], verdict.figures["limit_high_s"]) == (0.2, 2.0)
    assert bool(verdict.findings) == (took == 3.0)
