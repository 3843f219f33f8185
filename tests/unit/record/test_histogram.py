"""The histogram is within its error of the exact percentile, and merging changes nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.histogram import ACCURACY, Histogram
from hormesis.record.percentile import percentile_of, rank_of

durations = st.floats(1e-9, 1e7)
many = st.lists(durations, min_size=1, max_size=60)
percents = st.sampled_from([0.0, 1.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0])


@given(many, percents)
def test_a_percentile_is_within_one_percent(values: list[float], percent: float) -> None:
    exact = percentile_of(sorted(values), percent)
    told = Histogram.of(values).percentile(percent)
    assert told == pytest.approx(exact, rel=ACCURACY * (1 + 1e-9))


@given(many)
def test_count_total_lowest_and_highest_are_exact(values: list[float]) -> None:
    made = Histogram.of(values)
    assert (made.count, made.lowest, made.highest) == (len(values), min(values), max(values))
    assert made.total == pytest.approx(sum(values))
    assert made.percentile(100) == pytest.approx(max(values), rel=ACCURACY)


@given(many, many)
def test_merging_is_the_same_as_counting_together(left: list[float], right: list[float]) -> None:
    merged = Histogram.of(left)
    merged.merge(Histogram.of(right))
    together, data = Histogram.of(left + right).to_json(), merged.to_json()
    assert data.pop("total") == pytest.approx(together.pop("total"))
    assert data == together


@given(many)
def test_it_survives_json(values: list[float]) -> None:
    made = Histogram.of(values)
    again = Histogram.from_json(json.loads(json.dumps(made.to_json())))
    assert again.to_json() == made.to_json()


def test_an_empty_one_has_no_figures_and_merges() -> None:
    empty = Histogram()
    assert (empty.percentile(50), empty.mean, empty.lowest, empty.highest) == (None,) * 4
    empty.merge(Histogram())
    assert empty.count == 0
    empty.merge(Histogram.of([2.0]))
    assert (empty.count, empty.mean, empty.percentile(50)) == (1, 2.0, 2.0)


def test_memory_is_bounded_whatever_comes() -> None:
    made = Histogram()
    for exponent in range(-400, 300):
        for step in range(1, 10):
            made.add(step * 10.0 ** (exponent / 10))
    made.add(0.0)
    made.add(-1.0)
    assert len(made.to_json()["buckets"]) < 1900
    assert made.percentile(0) == -1.0 or made.percentile(0) == 0.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_duration_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Histogram().add(value)


def test_buckets_of_another_accuracy_are_refused() -> None:
    with pytest.raises(ValueError, match="accuracy"):
        Histogram.from_json({**Histogram().to_json(), "accuracy": 0.05})


@given(many, percents)
def test_the_exact_percentile_is_the_smallest_value_that_covers_the_share(
    values: list[float], percent: float
) -> None:
    told = percentile_of(sorted(values), percent)
    covered = [
        value
        for value in sorted(values)
        if 100 * sum(v <= value for v in values) >= (percent * len(values) - 1e-6)
    ]
    assert told == covered[0]


def test_ranks_are_not_spoiled_by_binary_fractions() -> None:
    assert rank_of(99.9, 1000) == 999
    assert rank_of(95, 20) == 19
    assert rank_of(0, 5) == 1


@pytest.mark.parametrize(("percent", "count"), [(-1, 5), (101, 5), (50, 0)])
def test_a_percentile_of_nothing_or_beyond_is_refused(percent: float, count: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        rank_of(percent, count)
