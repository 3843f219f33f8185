"""Load series: what was due counts where it was due, what ended where it ended."""

from __future__ import annotations

import numpy as np
import pytest

from hormesis.record.load_series import (
    ERRORS_MAX,
    heat_map,
    load_series,
    percentile_by,
    users_at,
    users_over_time,
)
from hormesis.record.op_record import OTHER
from hormesis.words.history import History
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Drop, Ended, Op


def op(number: int, due: float, took: float = 0.1, lag: float = 0.0, error: str = "") -> Op:
    outcome = Ended.FAIL if error else Ended.OK
    return Op(number, "l", "n", 1, due, due + lag, due + lag + took, outcome, error)


def level(start: float, value: float, load: str = "l") -> MetricSlice:
    return MetricSlice("vus", MetricSort.GAUGE, load, start, 1, value, value, value, value)


def test_a_stall_shows_as_due_without_done_and_then_as_done_without_due() -> None:
    ops = [op(n, n / 10, took=3.0 - n / 10 if n < 20 else 0.01) for n in range(40)]
    series = load_series(History({}, ops), 0.0, 1.0, 4)
    assert series.due.tolist() == [10, 10, 10, 10]
    assert series.done.tolist() == [0, 0, 10, 30]


def test_dropped_arrivals_were_due_too() -> None:
    history = History({}, [op(1, 0.5)], drops=[Drop("l", 1.5), Drop("l", 1.7)])
    series = load_series(history, 0.0, 1.0, 3)
    assert series.due.tolist() == [1, 2, 0]
    assert series.dropped.tolist() == [0, 2, 0]


def test_lag_is_the_percentile_of_what_was_due_in_the_interval() -> None:
    ops = [op(n, 0.5, lag=n / 1000) for n in range(1, 101)]
    series = load_series(History({}, ops), 0.0, 1.0, 2)
    assert series.lag_p99_s[0] == pytest.approx(0.099)
    assert np.isnan(series.lag_p99_s[1])


def test_the_rarest_errors_share_one_series() -> None:
    ops = [op(n, 0.5, error=f"e{n % 9}") for n in range(9 * 4)]
    ops += [op(100 + n, 0.5, error="e0") for n in range(5)]
    series = load_series(History({}, ops), 0.0, 1.0, 1)
    assert next(iter(series.errors)) == "e0"
    assert list(series.errors)[-1] == OTHER
    assert len(series.errors) == ERRORS_MAX + 1
    assert sum(float(each.sum()) for each in series.errors.values()) == 41


def test_what_nobody_measured_is_none_and_not_zero() -> None:
    series = load_series(History({}, [op(1, 0.5)]), 0.0, 1.0, 1)
    assert series.users is series.waited is series.loop_lag_s is series.cpu is None


def test_users_of_all_loads_add_up_and_stay_until_they_change() -> None:
    metrics = [level(0.0, 3), level(2.0, 5), level(0.0, 10, "m"), level(2.0, 10, "m")]
    history = History({}, [op(1, 0.5)], metrics=metrics)
    series = load_series(history, 0.0, 1.0, 3)
    assert series.users is not None
    assert series.users.tolist() == [13, 13, 15]
    assert max(users_over_time(history)) == 15
    assert users_at(history, [1.0, 2.25, 50.0]) == [13, 15, 0]


def test_the_heat_map_holds_every_operation_once() -> None:
    ops = [op(n, n / 10, took=0.001 * (n + 1)) for n in range(50)]
    found = heat_map(History({}, ops), 0.0, 1.0, 5)
    assert found is not None
    assert int(found.counts.sum()) == 50
    assert found.counts.sum(axis=0).tolist() == [10] * 5
    assert found.edges_s[0] <= 0.001
    assert found.edges_s[-1] > 0.050
    assert heat_map(History({}), 0.0, 1.0, 5) is None


def test_percentiles_by_group_are_by_nearest_rank() -> None:
    index = np.array([1, 0, 1, 1, 1])
    values = np.array([4.0, 7.0, 1.0, 3.0, 2.0])
    found = percentile_by(index, values, 50.0, 3)
    assert found[:2].tolist() == [7.0, 2.0]
    assert np.isnan(found[2])
