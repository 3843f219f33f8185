"""Series and phase cuts count by when an operation was due."""

from __future__ import annotations

import pytest

from hormesis.record.metrics import ops_of
from hormesis.record.phase_cut import cut
from hormesis.record.series import series_of, spread_of
from hormesis.words.history import History
from hormesis.words.op import Ended
from hormesis.words.window import Window
from tests.unit.record.histories import MANIFEST, fault, op, run


def test_an_operation_counts_in_the_interval_in_which_it_was_due() -> None:
    history = run(ops=[op(1, 1.2, took=5.0), op(2, 1.9), op(3, 4.5, outcome=Ended.INFO)])
    buckets = series_of(history, 1.0)
    assert [(one.start, one.ok, one.info) for one in buckets] == [
        (1.0, 2, 0), (2.0, 0, 0), (3.0, 0, 0), (4.0, 0, 1),
    ]  # fmt: skip
    assert buckets[0].rate == 2.0
    assert buckets[0].response.highest == pytest.approx(5.0)
    assert buckets[1].response.p50 is None
    assert buckets[3].errors == 1.0


def test_a_wider_bucket_gives_rates_per_second() -> None:
    buckets = series_of(run(ops=[op(n, n / 10) for n in range(20)]), 2.0)
    assert [one.rate for one in buckets] == [10.0]


def test_a_series_can_be_of_one_load_and_one_name() -> None:
    history = run(ops=[op(1), op(2, name="submit"), op(3, load="other")])
    assert [one.ok for one in series_of(history, 10.0, name="claim")] == [2]
    assert [one.ok for one in series_of(history, 10.0, load="main", name="claim")] == [1]


def test_nothing_gives_an_empty_series() -> None:
    assert series_of(History(MANIFEST), 1.0) == []


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan")])
def test_a_width_must_be_above_zero(width: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        series_of(run(), width)


def test_a_spread_is_exact() -> None:
    spread = spread_of(n / 100 for n in range(1, 101))
    assert (spread.p50, spread.p95, spread.p99, spread.highest) == (0.5, 0.95, 0.99, 1.0)
    assert spread.mean == pytest.approx(0.505)


def test_phases_are_cut_at_the_edges_of_faults() -> None:
    history = run(
        faults=[fault("pause", 20.0, 30.0), fault("kill", 25.0, 40.0), fault("late", 60.0, 70.0)],
        ops=[op(n, float(n), took=0.5) for n in range(100)],
    )
    phases = {one.name: one for one in cut(history)}
    assert list(phases) == [
        "before", "during pause", "during kill", "between", "during late", "after",
    ]  # fmt: skip
    assert {name: one.count for name, one in phases.items()} == {
        "before": 19, "during pause": 10, "during kill": 15, "between": 20,
        "during late": 10, "after": 20,
    }  # fmt: skip
    assert phases["before"].rate == pytest.approx(19 / 18.9)
    assert phases["after"].duration_s == pytest.approx(20.0)
    assert phases["between"].stretches == ((40.0, 59.9),)
    assert not any(one.overtaken for one in phases.values())


def test_what_a_fault_overtook_is_in_no_phase_as_in_no_window() -> None:
    # Asked for at 19.9 s and 59.9 s, at work from 20 s and 60 s on.
    late = [op(1, 10.0, took=15.0), op(2, 19.95), op(3, 50.0, took=20.0), op(4, 59.91, took=0.01)]
    even = [op(5, 10.0, took=5.0), op(6, 25.0), op(7, 45.0), op(8, 65.0), op(9, 80.0)]
    history = run(
        faults=[fault("pause", 20.0, 30.0), fault("late", 60.0, 70.0)], ops=[*late, *even]
    )
    phases = {one.name: one for one in cut(history)}
    assert {name: (one.count, one.overtaken) for name, one in phases.items()} == {
        "before": (1, 2), "during pause": (1, 0), "between": (1, 2),
        "during late": (1, 0), "after": (1, 0),
    }  # fmt: skip
    for name, window in {
        "before": Window(before="*"),
        "during pause": Window(during="pause"),
        "after": Window(after="*"),
    }.items():
        assert phases[name].count == len(ops_of(history, {}, window))
    calm = phases["before"].count + phases["between"].count + phases["after"].count
    assert calm == len(ops_of(history, {}, Window(outside="*")))


def test_figures_of_a_phase_tell_response_service_and_lag_apart() -> None:
    ops = [op(1, 5.0, lag=0.3, took=0.1), op(2, 6.0, took=0.2, outcome=Ended.FAIL)]
    [phase] = cut(run(ops=ops))
    assert phase.name == "whole run"
    assert phase.response.highest == pytest.approx(0.4)
    assert phase.service.highest == pytest.approx(0.2)
    assert phase.lag.highest == pytest.approx(0.3)
    assert (phase.ok, phase.fail, phase.errors_share) == (1, 1, 0.5)


def test_preparation_is_in_no_phase() -> None:
    [phase] = cut(run(ops=[op(1, 0.5, load="prepare"), op(2, 5.0)]))
    assert phase.count == 1


def test_an_unreleased_fault_lasts_until_the_record_ends() -> None:
    history = run(faults=[fault("pause", 20.0, float("inf"))], ops=[op(1, 50.0)], end=None)
    assert [(one.name, one.count) for one in cut(history)] == [("before", 0), ("during pause", 1)]


def test_an_empty_history_cuts_to_next_to_nothing() -> None:
    assert sum(one.count for one in cut(History(MANIFEST))) == 0
