"""Values of a column type as Hypothesis draws them, edge values among them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from hormesis.strategies.column_type import ColumnType
from hormesis.strategies.column_types import check_version
from hormesis.strategies.drawn import counted
from hormesis.strategies.range_values import RANGES, multiranges, ranges
from hormesis.strategies.scalar_values import SCALARS
from hormesis.strategies.value import Value

_BEYOND: Mapping[str, tuple[str, ...]] = {
    "date": ("infinity", "-infinity", "0044-03-15 BC", "4714-11-24 BC", "5874897-12-31"),
    "time": ("24:00:00",),
    "timetz": ("24:00:00+00", "00:00:00+15:59:59"),
    "timestamp": ("infinity", "-infinity", "0044-03-15 00:00:00 BC", "294276-12-31 23:59:59"),
    "timestamptz": (
        "infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "294276-12-31 23:59:59+00",
    ),
    "interval": ("1 mon", "-1 years -2 mons", "178000000 years", "1 mon -1 days"),
}  # fmt: skip
"""Values that the server takes and Python has no object for, as the server prints them."""
_BEYOND_SINCE: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    17: {"interval": ("infinity", "-infinity")},
}


def values_of(
    type_: ColumnType,
    *,
    nulls: bool = False,
    beyond_python: bool = False,
    version: int = 15,
) -> st.SearchStrategy[Value]:
    """Draw values that a column of *type_* takes.

    NaN and the infinities of floats and numerics, minus zero, the largest and smallest numbers,
    the first and last days of Python's calendar, empty, nested and NULL-bearing arrays, and
    texts that look like SQL are among them; NUL, which no text can hold, is not.

    Args:
        type_: the type, drawn by :func:`column_types` or made by hand.
        nulls: also NULL.
        beyond_python: also what psycopg cannot read into Python: ``infinity`` as a date, dates
            before Christ, ``24:00:00``, intervals of months. Such values have ``as_text``.
        version: the server's major version; from 17 on intervals may be infinite.
    """
    check_version(version)
    choices: list[st.SearchStrategy[Value]] = []
    if nulls:
        choices.append(st.just(Value(type_, None, None)))
    if type_.dimensions:
        choices.append(_arrays(type_))
    else:
        choices.append(_scalars(type_))
        if beyond_python and (texts := _beyond(type_.underlying, version)):
            choices.append(st.sampled_from(texts).map(lambda text: Value(type_, text, text, True)))
    return counted("values", st.one_of(choices))


def null_of(type_: ColumnType) -> Value:
    """Return NULL as a value of *type_*."""
    return Value(type_, None, None)


@cache
def _scalars(type_: ColumnType) -> st.SearchStrategy[Value]:
    return _pairs(type_).map(lambda pair: Value(type_, pair[0], pair[1]))


def _pairs(type_: ColumnType) -> st.SearchStrategy[tuple[Any, Any]]:
    user, under = type_.user, type_.underlying
    if user is not None and user.labels:
        return st.sampled_from(user.labels).map(lambda label: (label, label))
    found: st.SearchStrategy[tuple[Any, Any]]
    if under.base in RANGES:
        found = ranges(under.base)
    elif under.base == "int4multirange":
        found = multiranges()
    else:
        found = SCALARS[under.base](under.modifiers)
    if user is not None and user.at_least is not None:
        least: Any = user.at_least
        return found.map(lambda pair: pair if pair[0] >= least else (least, least))
    return found


@cache
def _arrays(type_: ColumnType) -> st.SearchStrategy[Value]:
    element = _pairs(type_.element) | st.just((None, None))
    flat = st.lists(element, max_size=4)
    if type_.dimensions == 1:
        return flat.map(lambda pairs: _array(type_, [pairs], nested=False))
    # All rows of one array are as long as the first.
    square = st.integers(1, 3).flatmap(
        lambda width: st.lists(st.lists(element, min_size=width, max_size=width), max_size=3)
    )
    return square.map(lambda rows: _array(type_, rows, nested=True))


def _array(type_: ColumnType, rows: list[list[tuple[Any, Any]]], *, nested: bool) -> Value:
    params = [[pair[0] for pair in row] for row in rows]
    stored = [[pair[1] for pair in row] for row in rows]
    if nested:
        return Value(type_, params, stored)
    return Value(type_, params[0], stored[0])


def _beyond(type_: ColumnType, version: int) -> list[str]:
    # With places for fractions the server would print the same, yet it has to be asked for.
    if type_.modifiers:
        return []
    later = [more.get(type_.base, ()) for since, more in _BEYOND_SINCE.items() if version >= since]
    return [*_BEYOND.get(type_.base, ()), *(text for some in later for text in some)]
