"""What Hypothesis tells is summed up, and handed on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies
from hypothesis.statistics import collector

from hormesis.testing.effectiveness.shrinks import Shrinks, collected


@settings(database=None, derandomize=True, max_examples=50, deadline=None)
@given(strategies.integers(min_value=0, max_value=10_000))
def small_only(value: int) -> None:
    assert value < 100


@settings(database=None, derandomize=True, max_examples=20, deadline=None)
@given(strategies.integers())
def anything(value: int) -> None:
    assert value == value


def test_a_failing_property_tells_its_shrinks() -> None:
    with collected() as shrinks, pytest.raises(AssertionError):
        small_only()
    assert shrinks.runs == 1
    assert shrinks.tried >= shrinks.good > 0
    assert shrinks.examples > shrinks.tried


def test_a_passing_property_shrinks_nothing() -> None:
    with collected() as shrinks:
        anything()
        anything()
    assert (shrinks.runs, shrinks.tried, shrinks.good) == (2, 0, 0)
    assert shrinks.examples == 40


def test_who_collected_before_still_gets_everything() -> None:
    told: list[Any] = []
    with collector.with_value(told.append), collected() as shrinks:  # type: ignore[arg-type]
        anything()
    assert shrinks.runs == len(told) == 1
    assert "generate-phase" in told[0]


@pytest.mark.parametrize(
    "odd", [{}, {"shrink-phase": None}, {"shrink-phase": {"test-cases": 7}}, {"generate-phase": {}}]
)
def test_another_shape_counts_as_nothing(odd: dict[str, Any]) -> None:
    shrinks = Shrinks()
    shrinks.add(odd)
    assert (shrinks.examples, shrinks.tried, shrinks.good) == (0, 0, 0)
