"""Comparisons: equal runs are rarely told apart, and a slower one is found."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from hormesis.record.block_bootstrap import cells_of, reach_of
from hormesis.record.comparison import Comparison, Judgement, compare
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from tests.unit.record.synthetic_runs import synthetic_run

WORSE, BETTER, SAME, TOO_LITTLE = (
    Judgement.WORSE, Judgement.BETTER, Judgement.SAME, Judgement.TOO_LITTLE
)  # fmt: skip


def judgements(compared: Comparison, row: int = 0) -> dict[str, Judgement]:
    return {one.name: one.judgement for one in compared.rows[row].figures}


def found(pairs: int, **given: float) -> int:
    """Return in how many of so many pairs of runs the second one is told apart."""
    slower = given.pop("slower", 1.0)
    outcomes = [
        judgements(
            compare(
                synthetic_run(2 * number, **given),  # type: ignore[arg-type]
                synthetic_run(2 * number + 1, slower=slower, **given),  # type: ignore[arg-type]
            )
        ).values()
        for number in range(pairs)
    ]
    return sum(WORSE in one or BETTER in one for one in outcomes)


SORTS = {
    "independent": {"alike": 0.0},
    "correlated": {"alike": 0.6},
    "very correlated": {"alike": 0.8, "level": 0.2},
}


@pytest.mark.parametrize("sort", SORTS)
def test_equal_runs_are_rarely_told_apart(sort: str) -> None:
    assert found(15, seconds=60, rate=40, **SORTS[sort]) <= 1


def test_a_fifth_slower_is_found() -> None:
    assert found(20, seconds=120, rate=50, slower=1.2) >= 19


@pytest.mark.prove
@pytest.mark.parametrize("seconds", [40, 60, 120])
@pytest.mark.parametrize("sort", SORTS)
def test_equal_runs_are_told_apart_in_five_of_a_hundred_at_most(sort: str, seconds: int) -> None:
    assert found(300, seconds=seconds, rate=40, **SORTS[sort]) <= 15


@pytest.mark.prove
@pytest.mark.parametrize("sort", ["independent", "correlated"])
def test_a_fifth_slower_is_found_nearly_always(sort: str) -> None:
    assert found(100, seconds=120, rate=40, slower=1.2, **SORTS[sort]) >= 98


def test_a_fifth_faster_is_better_and_no_failure() -> None:
    compared = compare(synthetic_run(1, seconds=120), synthetic_run(2, seconds=120, slower=0.8))
    assert judgements(compared)["p50"] is BETTER
    assert compared.outcome is Outcome.PASS


def test_what_is_told_of_a_slower_run() -> None:
    compared = compare(synthetic_run(1, seconds=120), synthetic_run(2, seconds=120, slower=1.3))
    figures = {one.name: one for one in compared.rows[0].figures}
    p50 = figures["p50"]
    assert p50.change is not None
    assert p50.low is not None
    assert p50.high is not None
    assert p50.change == pytest.approx(0.3, abs=0.1)
    assert 0.05 < p50.low < p50.change < p50.high
    assert figures["count"].judgement is Judgement.COUNTED
    assert (compared.outcome, "all operations: p50" in compared.sentence) == (Outcome.FAIL, True)


def test_a_change_within_the_tolerance_does_not_matter() -> None:
    a, b = synthetic_run(1, seconds=120), synthetic_run(2, seconds=120, slower=1.2)
    assert compare(a, b).outcome is Outcome.FAIL
    assert compare(a, b, tolerance=0.3).outcome is Outcome.PASS


def test_more_failures_are_worse() -> None:
    a, b = synthetic_run(1, failed=0.0), synthetic_run(2, failed=0.05)
    assert judgements(compare(a, b))["failed"] is WORSE
    assert judgements(compare(b, a))["failed"] is BETTER
    none = judgements(compare(a, synthetic_run(3, failed=0.0)))
    assert none["failed"] is SAME


def test_fewer_operations_a_second_are_worse() -> None:
    a, b = synthetic_run(1, rate=40), synthetic_run(2, rate=20)
    assert judgements(compare(a, b))["rate"] is WORSE
    assert judgements(compare(b, a))["rate"] is BETTER


def test_too_little_data_is_no_pass() -> None:
    short = compare(synthetic_run(1, seconds=5), synthetic_run(2, seconds=5, slower=3.0))
    assert set(judgements(short).values()) == {TOO_LITTLE, Judgement.COUNTED}
    assert (short.outcome, short.sentence) == (
        Outcome.UNKNOWN,
        "too little data to compare the runs: each has to last 13s or longer, with 100 "
        "operations or more; A had 100 in 5s, B had 100 in 5s",
    )  # fmt: skip
    empty = History(manifest={})
    assert compare(empty, empty).outcome is Outcome.UNKNOWN
    few = compare(synthetic_run(1, rate=2), synthetic_run(2, rate=2))
    assert judgements(few)["p99"] is TOO_LITTLE


def test_every_name_has_a_row() -> None:
    a = synthetic_run(1, names=("page", "buy"))
    compared = compare(a, synthetic_run(2, names=("page", "buy")))
    assert [row.title for row in compared.rows] == ["all operations", "main buy", "main page"]


def test_what_only_one_run_has_cannot_be_compared() -> None:
    compared = compare(synthetic_run(1, names=("page", "buy")), synthetic_run(2))
    assert compared.only_in_one == ("main buy",)
    assert compared.outcome is Outcome.UNKNOWN
    assert compared.sentence == "too little to compare: only one run has main buy"


def test_the_same_runs_are_always_compared_alike() -> None:
    a, b = synthetic_run(1), synthetic_run(2)
    assert compare(a, b) == compare(a, b)
    assert all(one.change == 0 for one in compare(a, a).rows[0].figures if one.change is not None)


def test_what_makes_a_comparison_unfair_is_noted() -> None:
    a = synthetic_run(1)
    manifest = {"title": "u", "time_scale": 1.0, "machine": {"cores": 8}}
    other = replace(a, manifest=manifest, end=None)
    assert compare(a, other).notes == (
        "the runs are of different experiments: 't' and 'u'",
        "the machines differ: 2 and 8 cores",
        "run B did not complete",
    )


@pytest.mark.parametrize(
    ("alpha", "freedom", "expected"),
    [(0.05, 10, 2.228), (0.05, 5, 2.571), (0.01, 10, 3.169), (0.005, 20, 3.153)],
)
def test_students_t(alpha: float, freedom: int, expected: float) -> None:
    assert reach_of(alpha, freedom) == pytest.approx(expected, rel=0.01)
    assert reach_of(alpha, 10**9) == pytest.approx(NormalDist().inv_cdf(1 - alpha / 2))


def test_every_round_draws_as_many_cells_as_there_are() -> None:
    due = np.linspace(0.0, 37.5, 500)
    cells = cells_of(due, np.full(500, 0.01), np.random.default_rng(1))
    assert len(cells.lasts_s) == 38
    assert cells.lasts_s.sum() == pytest.approx(37.5)
    assert set(cells.drawn.sum(axis=1).tolist()) == {38.0}
