"""Expectations: what a value should be, written the way people write it in a file.

``200`` equals; ``"< 5"``, ``">= 1"``, ``"!= down"`` compare; ``[200, 204]`` is one of; a mapping
expects of each named field; ``null`` means the field must be absent or null. A text that writes a
number, as a command prints one, counts as that number.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import Any

Expectation = Any
"""A scalar, a comparison text, a list of alternatives, or a mapping of field to those."""

_COMPARISON = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*")
_OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def miss_of(expected: Expectation, fields: Mapping[str, Any], *, main: str = "value") -> str:
    """Return why *fields* miss the expectation, or an empty text when they meet it.

    A mapping is matched field by field; anything else is matched against the field *main*.
    """
    wanted = expected if isinstance(expected, Mapping) else {main: expected}
    for name, want in wanted.items():
        seen = fields.get(name)
        if not _meets(want, seen):
            return f"{name} is {seen!r}, expected {_told(want)}"
    return ""


def unfit(expected: Expectation, fields: Mapping[str, Any], *, main: str = "value") -> str:
    """Return why *expected* can say nothing about *fields*, or an empty text when it can.

    A named field that is not there, or an order between a number and a text that is none, makes a
    miss; whoever claims that something is *never* met must not take such a miss for proof.
    """
    wanted = expected if isinstance(expected, Mapping) else {main: expected}
    for name, want in wanted.items():
        if want is not None and name not in fields:
            return f"there is no field {name!r}"
        seen = fields.get(name)
        each = want if isinstance(want, list | tuple) else [want]
        if seen is not None and all(_unordered(one, seen) for one in each):
            return f"{name} is {seen!r}, which cannot be compared with {_told(want)}"
    return ""


def _meets(want: Any, seen: Any) -> bool:
    if isinstance(want, list | tuple):
        return any(_meets(one, seen) for one in want)
    if isinstance(want, str) and (match := _COMPARISON.fullmatch(want)):
        return _compares(match[1], seen, match[2])
    if isinstance(want, bool) or isinstance(seen, bool):
        return want is seen
    if isinstance(want, int | float) != isinstance(seen, int | float):
        one, other = _number(want), _number(seen)
        return one is not None and one == other
    return bool(want == seen)


def _compares(sign: str, seen: Any, text: str) -> bool:
    if seen is None:
        return False
    one, other = _number(seen), _number(text)
    if one is not None and other is not None:
        return bool(_OPERATORS[sign](one, other))
    if sign not in ("==", "!=") and (one is None) != (other is None):
        return False
    return bool(_OPERATORS[sign](str(seen).lower() if isinstance(seen, bool) else str(seen), text))


def _unordered(want: Any, seen: Any) -> bool:
    match = _COMPARISON.fullmatch(want) if isinstance(want, str) else None
    if match is None or match[1] in ("==", "!="):
        return False
    return (_number(seen) is None) != (_number(match[2]) is None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _told(want: Any) -> str:
    if isinstance(want, list | tuple):
        return "one of " + ", ".join(repr(one) for one in want)
    return want if isinstance(want, str) and _COMPARISON.fullmatch(want) else repr(want)
