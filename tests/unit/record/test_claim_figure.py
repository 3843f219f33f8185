"""Figures of claims: aggregations over points and slices, and the worst stretch."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.claim import claim_of
from hormesis.record.claim_figure import last_of, stretches_of, worst_of
from hormesis.record.figure import Points, Slices
from hormesis.record.histogram import Histogram
from hormesis.record.percentile import percentile_of
from hormesis.words.metric import MetricSlice, MetricSort

TREND, COUNTER, RATE, GAUGE = (
    MetricSort.TREND, MetricSort.COUNTER, MetricSort.RATE, MetricSort.GAUGE
)  # fmt: skip


def points(*values: float, sort: MetricSort = TREND) -> Points:
    return Points(sort, np.arange(len(values), dtype=float), np.array(values))


def part(sort: MetricSort, start: float, values: list[float], load: str = "a") -> MetricSlice:
    buckets = Histogram.of(values).to_json()["buckets"] if sort is TREND else {}
    return MetricSlice(
        "vus" if sort is GAUGE else "m", sort, load, start, len(values), sum(values),
        min(values), max(values), values[-1], {}, {int(k): v for k, v in buckets.items()},
    )  # fmt: skip


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=50), st.floats(0, 100))
def test_percentiles_of_points_are_exact(values: list[float], percent: float) -> None:
    figure = points(*values).figure("p", percent, 1.0)
    assert figure == percentile_of(sorted(values), percent)


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("min", 1.0), ("max", 4.0), ("avg", 2.5), ("med", 2.0), ("count", 4.0)],
)
def test_aggregations_of_a_trend(aggregation: str, value: float) -> None:
    assert points(4.0, 1.0, 3.0, 2.0).figure(aggregation, 0, 1.0) == value
    slices = Slices.of([part(TREND, 0, [4.0, 1.0]), part(TREND, 1, [3.0, 2.0])])
    assert slices.figure(aggregation, 0, 1.0) == pytest.approx(value, rel=0.01)


def test_points_come_in_any_order() -> None:
    made = Points(TREND, np.array([3.0, 1.0, 2.0]), np.array([30.0, 10.0, 20.0]))
    assert made.within(1.5, 3.0).values == pytest.approx([20.0])


def test_a_dropped_arrival_counts_as_failed_or_never_answered() -> None:
    assert points(1.0).with_worst(np.array([5.0])).figure("max", 0, 1.0) == math.inf
    rate = points(0.0, 0.0, 0.0, sort=RATE).with_worst(np.array([5.0]))
    assert rate.figure("rate", 0, 1.0) == 0.25


def test_slices_of_counters_and_rates() -> None:
    counter = Slices.of([part(COUNTER, 0, [2.0]), part(COUNTER, 1, [3.0, 1.0])])
    assert counter.figure("count", 0, 2.0) == 6.0
    assert counter.figure("rate", 0, 2.0) == 3.0
    assert counter.within(1.0, 2.0).figure("count", 0, 1.0) == 4.0
    rate = Slices.of([part(RATE, 0, [1.0, 0.0, 0.0, 0.0])])
    assert rate.figure("rate", 0, 1.0) == 0.25
    assert rate.figure("count", 0, 1.0) == 1.0


def test_users_of_all_loads_add_up() -> None:
    rows = [part(GAUGE, 0, [3.0], "a"), part(GAUGE, 0, [5.0], "b"), part(GAUGE, 1, [4.0], "a")]
    figures = [Slices.of(rows).figure(name, 0, 1.0) for name in ("max", "min", "value")]
    assert figures == [8.0, 4.0, 4.0]


@given(st.floats(0.1, 20.0), st.floats(0, 50), st.floats(0.1, 60))
def test_stretches_have_their_length_and_leave_nothing_out(
    length: float, start: float, whole: float
) -> None:
    within = (start, start + whole)
    found = stretches_of(length, [within])
    if whole < length - 1e-9:
        assert found == []
        return
    assert all(end - begin == pytest.approx(length) for begin, end in found)
    assert found[0][0] == pytest.approx(start)
    assert found[-1][1] == pytest.approx(start + whole)
    assert all(b[0] - a[0] <= 1.0 + 1e-6 for a, b in pairwise(found))


def test_the_worst_is_the_farthest_on_the_wrong_side() -> None:
    claim = claim_of("my_trend max < 5")
    found = worst_of(claim, points(1.0, 9.0, 2.0, 3.0), stretches_of(1.0, [(0.0, 4.0)]))
    assert found is not None
    assert (found.value, found.count) == (9.0, 1)
    least = worst_of(claim_of("my_trend max > 5"), points(7.0, 9.0), [(0.0, 1.0), (1.0, 2.0)])
    assert least is not None
    assert (least.value, least.stretch) == (7.0, (0.0, 1.0))


def test_the_last_seconds_are_those_of_the_last_stretch() -> None:
    assert last_of(10.0, [(0.0, 5.0), (20.0, 24.0), (28.0, 30.0)]) == [(20.0, 24.0), (28.0, 30.0)]
