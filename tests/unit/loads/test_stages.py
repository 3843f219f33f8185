"""Rates and numbers of users that change in stages, against the integral of their lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.loads.parts.stage import Path
from hormesis.loads.ramping_arrival_rate import RampingArrivalRate
from hormesis.loads.ramping_vus import RampingVus
from hormesis.words.kind import Kind
from hormesis.words.load import Closed, Open

LEVELS = st.floats(0, 500) | st.integers(0, 50).map(float)
SPANS = st.just(0.0) | st.floats(0.01, 30.0)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    spans = draw(st.lists(SPANS, min_size=1, max_size=5))
    levels = draw(st.lists(LEVELS, min_size=len(spans) + 1, max_size=len(spans) + 1))
    return Path(tuple(spans), tuple(levels))


def integral(path: Path, until_s: float) -> float:
    """Return the integral by the trapezium rule, which is exact for straight lines."""
    total, began = 0.0, 0.0
    for span, low, high in zip(path.spans_s, path.levels, path.levels[1:], strict=False):
        lasted = min(span, max(0.0, until_s - began))
        if span:
            total += lasted * (low + low + (high - low) * lasted / span) / 2
        began += span
    return total


@given(paths(), st.floats(0, 1))
def test_the_moment_of_an_area_is_the_inverse_of_the_integral(path: Path, share: float) -> None:
    area = path.area * share
    when = path.when_area_is(area)
    assert when is not None
    assert 0.0 <= when <= path.lasts_s * (1 + 1e-12)
    assert integral(path, when) == pytest.approx(area, rel=1e-9, abs=1e-7)
    assert path.when_area_is(path.area + 1e-3) is None


@given(paths())
def test_moments_of_growing_areas_do_not_go_back(path: Path) -> None:
    moments = [path.when_area_is(path.area * share / 50) or 0.0 for share in range(50)]
    assert moments == sorted(moments)


def ramping(**given: Any) -> Open:
    shape = RampingArrivalRate.model_validate({"vus": 100, **given}).shape()
    assert isinstance(shape, Open)
    return shape


def dues_of(shape: Open) -> list[float]:
    dues: list[float] = []
    while (due := shape.due_at(len(dues))) is not None:
        dues.append(due)
    assert shape.due_at(len(dues) + 5) is None
    return dues


def test_arrivals_of_a_ramp_are_due_when_the_integral_reaches_them() -> None:
    stages = [
        {"for": "4s", "target": "50/s"},
        {"for": "2s", "target": "50/s"},
        {"for": "4s", "target": 0},
    ]
    shape = ramping(start_rate="10/s", stages=stages)
    dues = dues_of(shape)
    path = Path((4.0, 2.0, 4.0), (10.0, 50.0, 50.0, 0.0))
    assert len(dues) == 319, "the 320th is due when it is over"
    assert (shape.duration_s, path.area) == (10.0, 320.0)
    for number, due in enumerate(dues, 1):
        assert integral(path, due) == pytest.approx(number)


def test_a_ramp_from_nothing_begins_slowly() -> None:
    dues = dues_of(ramping(stages=[{"for": "10s", "target": 2}]))
    assert dues[0] == pytest.approx(10**0.5)
    assert len(dues) == 9


def test_a_stage_of_no_time_is_a_jump() -> None:
    stages = [
        {"duration": "5s", "target": 1},
        {"duration": "0s", "target": 10},
        {"duration": "1s", "target": 10},
    ]
    dues = dues_of(ramping(start_rate=1, stages=stages))
    assert len([due for due in dues if due <= 5.0]) == 5
    assert len([due for due in dues if due > 5.0]) == 9


def test_rates_are_per_unit_of_time_and_are_not_scaled() -> None:
    given = {"vus": 5, "time_unit": "1m", "start_rate": 600, "stages": [{"for": "60s",
             "target": "10/s"}]}  # fmt: skip
    shape = RampingArrivalRate.model_validate(given, context={"time_scale": 0.5}).shape()
    assert isinstance(shape, Open)
    assert shape.duration_s == 30.0
    assert len(dues_of(shape)) == 299


def users_of(**given: Any) -> Closed:
    shape = RampingVus.model_validate(given).shape()
    assert isinstance(shape, Closed)
    return shape


def test_users_join_one_by_one_and_leave_one_by_one() -> None:
    stages = [{"for": "4s", "target": 4}, {"for": "2s", "target": 4}, {"for": "2s", "target": 0}]
    shape = users_of(start_vus=0, stages=stages)
    moments = (0.0, 0.9, 1.0, 2.5, 4.0, 5.9, 6.0, 6.4, 6.5, 7.9, 8.0)
    assert [shape.users_at(t) for t in moments] == [0, 0, 1, 2, 4, 4, 4, 4, 3, 1, 0]
    assert (shape.users_max, shape.duration_s, shape.ramp_down_grace_s) == (4, 8.0, 30.0)


@given(st.integers(0, 5000), st.integers(0, 5000), st.floats(0.1, 600.0))
def test_every_step_is_done_when_the_line_has_reached_it(
    start: int, target: int, span: float
) -> None:
    path = Path((span,), (float(start), float(target)))
    for step in range(0, abs(target - start) + 1, max(1, abs(target - start) // 7)):
        when = span * step / max(1, abs(target - start))
        way = 1 if target > start else -1
        assert path.whole_at(when) == (start + way * step if target != start else start)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (RampingVus, {"stages": []}),
        (RampingVus, {"stages": [{"for": "1s", "target": -1}]}),
        (RampingVus, {"stages": [{"for": "1s", "target": 1.5}]}),
        (RampingVus, {"stages": [{"for": "1s", "duration": "1s", "target": 1}]}),
        (RampingVus, {"stages": [{"for": 10, "target": 1}]}),
        (RampingArrivalRate, {"vus": 1, "stages": [{"for": "1s", "target": "5"}]}),
        (RampingArrivalRate, {"vus": 1, "stages": [{"for": "1s", "target": -5}]}),
        (RampingArrivalRate, {"stages": [{"for": "1s", "target": 5}]}),
        (RampingArrivalRate, {"vus": 1, "pre_allocated_vus": 2,
                              "stages": [{"for": "1s", "target": 5}]}),
    ],
)  # fmt: skip
def test_nonsense_is_refused(kind: type[Kind], given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(given)
