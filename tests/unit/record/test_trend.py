"""A trend is exact while it is small, within 1 % after that, and the same in parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.histogram import ACCURACY, Histogram
from hormesis.record.percentile import percentile_of
from hormesis.record.trend import EXACT_MAX, Trend
from hormesis.words.metric import MetricSlice, MetricSort

durations = st.floats(1e-9, 1e7)
many = st.lists(durations, min_size=1, max_size=60)
percents = st.sampled_from([0.0, 1.0, 50.0, 95.0, 99.9, 100.0])
RNG = np.random.default_rng(7)
LARGE = RNG.lognormal(-3, 1, EXACT_MAX + 50)


def slice_of(values: list[float]) -> MetricSlice:
    return MetricSlice(
        "m", MetricSort.TREND, "main", 0.0, len(values), sum(values), min(values), max(values),
        values[-1], {}, dict(Histogram.of(values).buckets),
    )  # fmt: skip


@given(many, many, percents)
def test_few_are_exact_in_one_or_in_parts(
    left: list[float], right: list[float], percent: float
) -> None:
    trend = Trend.of(left)
    trend.merge(Trend.of(np.array(right)))
    together = sorted(left + right)
    assert trend.exact
    assert trend.percentile(percent) == percentile_of(together, percent)
    assert trend.count == len(together)
    assert (trend.lowest, trend.highest) == (together[0], together[-1])
    assert trend.mean == pytest.approx(sum(together) / len(together))


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_many_are_within_one_percent(parts: int) -> None:
    trend = Trend()
    for part in np.array_split(LARGE, parts):
        trend.merge(Trend.of(part))
    assert not trend.exact
    assert trend.count == len(LARGE)
    ordered = np.sort(LARGE).tolist()
    for percent in (1, 50, 95, 99.9):
        assert trend.percentile(percent) == pytest.approx(
            percentile_of(ordered, percent), rel=ACCURACY * 1.01
        )
    assert (trend.percentile(0), trend.percentile(100)) == (ordered[0], ordered[-1])
    assert trend.mean == pytest.approx(LARGE.mean())


@given(many, many, percents)
def test_slices_of_a_metric_are_counted_by_their_buckets(
    kept: list[float], values: list[float], percent: float
) -> None:
    trend = Trend.of(kept)
    trend.add_slice(slice_of(values))
    ordered = sorted(kept + values)
    assert (trend.count, trend.lowest, trend.highest) == (
        len(ordered), min(ordered), max(ordered),
    )  # fmt: skip
    assert trend.percentile(percent) == pytest.approx(
        percentile_of(ordered, percent), rel=ACCURACY * 1.01
    )
    assert sum(trend.buckets().values()) == len(ordered)


def test_an_empty_one_has_no_figures() -> None:
    empty = Trend()
    empty.merge(Trend())
    empty.add_many([])
    assert (empty.percentile(50), empty.mean, empty.lowest, empty.count) == (None, None, None, 0)
    assert dict(empty.buckets()) == {}


def test_what_is_no_duration_is_refused_whole() -> None:
    trend = Trend.of([1.0])
    for odd in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            trend.add_many([2.0, odd])
    assert trend.count == 1


@given(many)
def test_an_array_is_counted_as_its_values_are(values: list[float]) -> None:
    made = Histogram()
    made.add_many(np.array(values))
    one_by_one = Histogram.of(values)
    assert (made.count, made.lowest, made.highest) == (len(values), min(values), max(values))
    assert made.total == pytest.approx(one_by_one.total)
    for percent in (0, 50, 95, 100):
        assert made.percentile(percent) == pytest.approx(
            percentile_of(sorted(values), percent), rel=ACCURACY * 1.01
        )


def test_an_array_of_everything_stays_bounded_and_finite() -> None:
    made = Histogram()
    made.add_many(np.array([-1.0, 0.0, 1e-12, 1e9, 1.0]))
    assert sorted(made.buckets) == sorted(Histogram.of([-1.0, 0.0, 1e-12, 1e9, 1.0]).buckets)
    with pytest.raises(ValueError, match="finite"):
        made.add_many(np.array([1.0, float("inf")]))
    assert made.count == 5
