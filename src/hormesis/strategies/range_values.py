"""Strategies for ranges and multiranges, in the normal form that the server prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from hypothesis import strategies as st

from hormesis.strategies.literal import input_text
from hormesis.strategies.scalar_values import AWARE_MAX, AWARE_MIN
from hormesis.strategies.value import Bounds

_EMPTY: Bounds = ("empty", None, None)
_ENDS: Mapping[str, st.SearchStrategy[Any]] = {
    "int4range": st.integers(-(2**31), 2**31 - 1),
    "int8range": st.integers(-(2**63), 2**63 - 1),
    "numrange": st.decimals(-(10**9), 10**9, places=2),
    "daterange": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "tsrange": st.datetimes(),
    "tstzrange": st.datetimes(AWARE_MIN, AWARE_MAX, timezones=st.just(UTC)),
}
DISCRETE = frozenset({"int4range", "int8range", "daterange"})
"""Ranges that the server rewrites to ``[)``."""
RANGES = tuple(_ENDS)


def ranges(base: str) -> st.SearchStrategy[tuple[str, Bounds]]:
    """Draw ranges of the type *base*: their text and their normal form."""
    ends = st.none() | _ENDS[base]
    marks = st.just("[)") if base in DISCRETE else st.sampled_from(("[)", "[]", "()", "(]"))
    drawn = st.tuples(marks, ends, ends).map(lambda one: _normal(*one))
    return st.one_of(st.just(_EMPTY), drawn).map(lambda bounds: (range_text(bounds), bounds))


def multiranges() -> st.SearchStrategy[tuple[str, list[Bounds]]]:
    """Draw multiranges of integers: their text, and the parts in order, which never touch."""
    points = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6, unique=True).map(sorted)

    def parts(some: list[int]) -> tuple[str, list[Bounds]]:
        pairs = zip(some[::2], some[1::2], strict=False)
        found: list[Bounds] = [("[)", low, high) for low, high in pairs]
        return ("{" + ",".join(range_text(one) for one in found) + "}", found)

    return points.map(parts)


def range_text(bounds: Bounds) -> str:
    """Return a range as the server reads it."""
    marks, lower, upper = bounds
    if marks == "empty":
        return "empty"
    low, high = (_end_text(one) for one in (lower, upper))
    return f"{marks[0]}{low},{high}{marks[1]}"


def _end_text(end: object) -> str:
    if end is None:
        return ""
    text = input_text(end)
    return f'"{text}"' if " " in text else text


def _normal(marks: str, lower: Any, upper: Any) -> Bounds:
    if lower is not None and upper is not None:
        if lower > upper:
            lower, upper = upper, lower
        if lower == upper and marks != "[]":
            return _EMPTY
    low = "(" if lower is None else marks[0]
    high = ")" if upper is None else marks[1]
    return (low + high, lower, upper)
