"""Expectations: numbers that came as texts, and what an expectation can say nothing about."""

from __future__ import annotations

from typing import Any

import pytest

from hormesis.words.expect import miss_of, unfit


@pytest.mark.parametrize(
    ("expected", "value", "met"),
    [
        ("< 5", "10", False), ("> 9", "10", True), (">= 10", "10.0", True), ("!= 5", "5.0", False),
        (1, "1", True), ("1", 1, True), (1, "one", False), ("> b", "c", True), ("!= down", 3, True),
        ("> 1", "n/a", False), ("< 1", "n/a", False), (True, 1, False), ("== true", True, True),
        (["> 9", "none"], "none", True), (None, None, True), ("!= 5", None, False),
    ],
)  # fmt: skip
def test_a_text_that_writes_a_number_is_that_number(expected: Any, value: Any, met: bool) -> None:
    assert (miss_of(expected, {"value": value}) == "") is met


@pytest.mark.parametrize(
    ("expected", "fields", "why"),
    [
        ({"stauts": 500}, {"status": 500}, "no field 'stauts'"),
        ({"ms": "> 500ms"}, {"ms": 900.0}, "cannot be compared with > 500ms"),
        ("> 1", {"value": "n/a"}, "cannot be compared with > 1"),
        ({"error": None}, {"status": 200}, ""),
        ({"ms": "> 500"}, {"ms": "900"}, ""),
        (["> 1", "none"], {"value": "none"}, ""),
        ("!= down", {"value": 1}, ""),
        ("> 1", {"value": None}, ""),
    ],
)
def test_what_does_not_fit_is_told(expected: Any, fields: dict[str, Any], why: str) -> None:
    told = unfit(expected, fields)
    assert why in told
    assert bool(told) is bool(why)
