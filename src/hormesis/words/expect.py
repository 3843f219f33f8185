"""Expectations: what a value should be, written the way people write it in a file.

``200`` equals; ``"< 5"``, ``">= 1"``, ``"!= down"`` compare; ``[200, 204]`` is one of; a mapping
expects of each named field; ``null`` means the field must be absent or null.
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


def _meets(want: Any, seen: Any) -> bool:
    if isinstance(want, list | tuple):
        return any(_meets(one, seen) for one in want)
    if isinstance(want, str) and (match := _COMPARISON.fullmatch(want)):
        return _compares(_OPERATORS[match[1]], seen, match[2])
    if isinstance(want, bool) or isinstance(seen, bool):
        return want is seen
    if isinstance(want, int | float) and isinstance(seen, int | float):
        return want == seen
    return bool(want == seen)


def _compares(compare: Any, seen: Any, text: str) -> bool:
    if isinstance(seen, int | float) and not isinstance(seen, bool):
        try:
            return bool(compare(seen, float(text)))
        except ValueError:
            return False
    if seen is None:
        return False
    return bool(compare(str(seen), text))


def _told(want: Any) -> str:
    if isinstance(want, list | tuple):
        return "one of " + ", ".join(repr(one) for one in want)
    return want if isinstance(want, str) and _COMPARISON.fullmatch(want) else repr(want)
