from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.loads.barrier import Barrier
from hormesis.loads.constant_arrival_rate import ConstantArrivalRate
from hormesis.loads.constant_vus import ConstantVus
from hormesis.words.kind import Kind
from hormesis.words.load import Burst, Closed, Open


def test_constant_vus_is_closed_and_even() -> None:
    shape = ConstantVus.model_validate({"vus": 5, "for": "30s", "pace": "500ms"}).shape()
    assert isinstance(shape, Closed)
    assert [shape.users_at(t) for t in (0.0, 15.0, 29.9)] == [5, 5, 5]
    assert (shape.users_max, shape.duration_s, shape.pace_s) == (5, 30.0, 0.5)


def test_without_pace_users_go_back_to_back() -> None:
    shape = ConstantVus.model_validate({"vus": 1, "for": "1s"}).shape()
    assert isinstance(shape, Closed)
    assert shape.pace_s == 0.0


def test_the_run_shape_scales_but_the_pace_does_not() -> None:
    given = {"vus": 1, "for": "60s", "pace": "1s"}
    shape = ConstantVus.model_validate(given, context={"time_scale": 0.05}).shape()
    assert isinstance(shape, Closed)
    assert (shape.duration_s, shape.pace_s) == (3.0, 1.0)


def test_barrier_is_a_burst() -> None:
    shape = Barrier.model_validate({"vus": 50, "rounds": 3, "gap": "2s"}).shape()
    assert shape == Burst(users=50, rounds=3, gap_s=2.0)


@pytest.mark.parametrize(("rate", "span", "count"), [("50/s", "2s", 100), ("90/m", "1s", 2)])
def test_arrivals_are_even_and_end_with_the_span(rate: str, span: str, count: int) -> None:
    shape = ConstantArrivalRate.model_validate({"rate": rate, "for": span, "vus": 10}).shape()
    assert isinstance(shape, Open)
    dues: list[float] = []
    while (due := shape.due_at(len(dues))) is not None:
        dues.append(due)
    assert len(dues) == count
    assert dues[0] == 0.0
    assert dues[-1] < shape.duration_s
    assert shape.due_at(count + 7) is None


def test_the_thousandth_arrival_has_no_drift() -> None:
    shape = ConstantArrivalRate.model_validate({"rate": "3/s", "for": "1h", "vus": 1}).shape()
    assert isinstance(shape, Open)
    assert shape.due_at(3000) == 1000.0


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (ConstantVus, {"vus": 0, "for": "1s"}),
        (ConstantVus, {"vus": 1, "for": "0s"}),
        (ConstantVus, {"vus": 1, "for": 30}),
        (ConstantVus, {"vus": 1}),
        (Barrier, {"vus": 1, "rounds": 0}),
        (ConstantArrivalRate, {"rate": "0/s", "for": "1s", "vus": 1}),
        (ConstantArrivalRate, {"rate": "5", "for": "1s", "vus": 1}),
    ],
)
def test_nonsense_is_refused(kind: type[Kind], given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(given)


def test_kinds_are_called_as_their_files() -> None:
    kinds = [ConstantVus.kind, Barrier.kind, ConstantArrivalRate.kind]
    assert kinds == ["constant-vus", "barrier", "constant-arrival-rate"]
