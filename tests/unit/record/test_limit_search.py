"""The search for a limit, on simulated systems: exact ones, noisy ones, and none at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.limit_search import (
    End,
    Limit,
    LimitAsked,
    LimitSearch,
    LimitSort,
    Trial,
    TrialEnd,
)

System = Callable[[float], TrialEnd]
WHY = "http_req_duration p(95) < 500ms broke"


def searched(asked: LimitAsked, system: System) -> tuple[Limit, list[float]]:
    search = LimitSearch(asked)
    rates = []
    while (rate := search.next_rate()) is not None:
        rates.append(rate)
        ended = system(rate)
        search.add(Trial(rate, ended, "" if ended is TrialEnd.HELD else WHY))
    return search.answer(), rates


def breaks_at(capacity: float) -> System:
    return lambda rate: TrialEnd.HELD if rate <= capacity else TrialEnd.BROKE


def noisy(capacity: float, spread: float, rng: Random) -> System:
    """A system of which the chance to break rises over ``spread`` (a share) around its capacity."""

    def system(rate: float) -> TrialEnd:
        z = math.log(rate / capacity) / spread
        chance = 1 / (1 + math.exp(-max(-50.0, min(50.0, z))))
        return TrialEnd.BROKE if rng.random() < chance else TrialEnd.HELD

    return system


def test_the_rate_doubles_then_the_bracket_halves_then_both_ends_are_repeated() -> None:
    limit, rates = searched(LimitAsked(first=10, precision=0.05), breaks_at(700))
    assert rates[:8] == [10, 20, 40, 80, 160, 320, 640, 1280]
    assert limit.sort is LimitSort.FOUND
    assert limit.low and limit.high
    assert limit.low.rate <= 700 < limit.high.rate <= limit.low.rate * 1.05
    assert (str(limit.low), str(limit.high)) == ("3 of 3", "3 of 3")
    assert rates.count(limit.low.rate) == rates.count(limit.high.rate) == 3
    assert len(rates) == limit.trials <= 17


def test_the_answer_is_a_sentence_with_its_evidence() -> None:
    limit, _ = searched(LimitAsked(first=110, precision=0.05), breaks_at(850))
    assert limit.sentence == (
        f"limit between 842.7/s and 880/s: {WHY} in 3 of 3 trials at 880/s, "
        "held in 3 of 3 trials at 842.7/s"
    )


@given(
    capacity=st.floats(min_value=1.0, max_value=1e6),
    first=st.floats(min_value=1.0, max_value=1000.0),
    precision=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_an_exact_system_s_limit_is_always_inside_the_bracket(
    capacity: float, first: float, precision: float
) -> None:
    limit, _ = searched(LimitAsked(first=first, precision=precision), breaks_at(capacity))
    if limit.sort is LimitSort.BELOW:
        assert limit.high and capacity < limit.high.rate
        return
    assert limit.sort is LimitSort.FOUND
    assert limit.low and limit.high
    assert limit.low.rate <= capacity < limit.high.rate
    assert limit.high.rate <= limit.low.rate * (1 + precision) * 1.001


def test_a_noisy_system_s_limit_is_near_its_capacity_most_of_the_time() -> None:
    near = 0
    for seed in range(200):
        asked = LimitAsked(first=50, precision=0.05, repeats=5)
        limit, _ = searched(asked, noisy(1000, 0.05, Random(seed)))
        if limit.sort is LimitSort.FOUND and limit.low and limit.high:
            near += limit.low.rate >= 850 and limit.high.rate <= 1150
    assert near >= 180


def test_one_unlucky_trial_does_not_decide() -> None:
    unlucky = iter([200.0])
    waiting = [next(unlucky)]

    def system(rate: float) -> TrialEnd:
        if waiting and rate == waiting[0]:
            waiting.clear()
            return TrialEnd.BROKE
        return breaks_at(900)(rate)

    limit, rates = searched(LimitAsked(first=100), system)
    assert limit.sort is LimitSort.FOUND
    assert limit.low and limit.low.rate <= 900
    assert limit.high and limit.high.rate > 900
    assert 400 in rates


def test_one_lucky_trial_does_not_decide() -> None:
    lucky = [800.0]

    def system(rate: float) -> TrialEnd:
        if lucky and rate == lucky[0]:
            lucky.clear()
            return TrialEnd.HELD
        return breaks_at(500)(rate)

    limit, _ = searched(LimitAsked(first=100), system)
    assert limit.low and limit.low.rate <= 500
    assert limit.high and limit.high.rate <= 500 * 1.06


def test_a_saturated_generator_is_no_limit_of_the_system() -> None:
    def system(rate: float) -> TrialEnd:
        return TrialEnd.HELD if rate <= 3000 else TrialEnd.SATURATED

    limit, _ = searched(LimitAsked(first=100), system)
    assert limit.sort is LimitSort.GENERATOR
    assert limit.low
    assert 2800 < limit.low.rate <= 3000
    assert limit.sentence.startswith(f"at least {limit.low.rate:,.4g}/s (held in 3 of 3")
    assert "the load generator was the limit" in limit.sentence


def test_the_highest_rate_that_is_allowed_is_never_exceeded() -> None:
    limit, rates = searched(LimitAsked(first=100, rate_max=1000), breaks_at(5000))
    assert limit.sort is LimitSort.BEYOND
    assert max(rates) == 1000
    assert rates.count(1000) == 3
    assert "at least 1,000/s" in limit.sentence


def test_a_system_that_never_holds_is_asked_a_few_times_and_told() -> None:
    limit, rates = searched(LimitAsked(first=100), lambda rate: TrialEnd.BROKE)
    assert limit.sort is LimitSort.BELOW
    assert limit.low is None
    assert limit.high and limit.high.rate == min(rates)
    assert limit.sentence.startswith("below ")


@pytest.mark.parametrize("first", [10.0, 0.2, 0.1])
def test_the_way_down_ends_where_a_trial_has_one_arrival(first: float) -> None:
    asked = LimitAsked(first=first, lasts_s=5.0)
    limit, rates = searched(asked, lambda rate: TrialEnd.BROKE)
    assert min(rates) == min(first, 0.2)
    assert limit.sentence == (
        f"a single request already breaks the threshold: {WHY} in 3 of 3 trials with one arrival "
        "each"
    )


def test_a_single_request_that_holds_is_one_end_of_the_bracket() -> None:
    limit, rates = searched(LimitAsked(first=10, lasts_s=5.0), breaks_at(0.25))
    assert min(rates) == 0.2
    assert limit.sort is LimitSort.FOUND
    assert limit.low and limit.low.rate == pytest.approx(0.25, rel=0.1)


def test_a_first_rate_that_is_too_high_is_no_problem() -> None:
    limit, rates = searched(LimitAsked(first=1000), breaks_at(300))
    assert rates[:3] == [1000, 500, 250]
    assert limit.low and limit.high
    assert limit.low.rate <= 300 < limit.high.rate


def test_a_system_that_follows_no_rule_ends_the_search_all_the_same() -> None:
    rng = Random(4)
    asked = LimitAsked(first=100, trials_max=40, repeats=9)
    limit, rates = searched(asked, lambda rate: rng.choice(list(TrialEnd)))
    assert len(rates) <= 40
    assert limit.sentence


def test_the_same_trials_lead_to_the_same_next_rate() -> None:
    one, other = LimitSearch(LimitAsked(first=10)), LimitSearch(LimitAsked(first=10))
    for search in (one, other):
        for rate in (10.0, 20.0, 40.0):
            search.add(Trial(rate, TrialEnd.HELD if rate < 40 else TrialEnd.BROKE))
    assert one.next_rate() == other.next_rate()
    assert one.next_rate() == one.next_rate()


@pytest.mark.parametrize(
    ("times", "trials", "confidence"),
    [(3, 3, 15 / 16), (1, 1, 3 / 4), (2, 3, 11 / 16), (0, 0, 0.5)],
)
def test_confidence_is_the_upper_half_of_the_beta_distribution(
    times: int, trials: int, confidence: float
) -> None:
    assert End(1.0, times, trials).confidence == pytest.approx(confidence)


def test_confidence_grows_with_repetition() -> None:
    few, _ = searched(LimitAsked(first=10, repeats=2), breaks_at(70))
    many, _ = searched(LimitAsked(first=10, repeats=6), breaks_at(70))
    assert few.confidence < 0.8 < many.confidence < 1
