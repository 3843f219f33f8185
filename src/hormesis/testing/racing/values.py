"""Values: whatever an operation returned, in what a history holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from numbers import Number
from typing import Any

from hormesis.record.keys import NumberText, Text, text_of_key
from hormesis.words.kind import Scalar

_DEPTH_MAX = 50


def scalars_of(value: Mapping[str, Any]) -> dict[str, Scalar]:
    """Return *value* in what a history holds: lists and mappings as JSON, the rest as text."""
    return {name: scalar_of(one) for name, one in value.items()}


def scalar_of(value: Any) -> Scalar:
    """Return one value so; whatever it is, there is something that stands for it.

    Texts are marked as such: one that is written like a list is none.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return Text(str.__str__(value))
    if _is_decimal(value):
        return NumberText(_text(value))
    data = _plain(value, 0)
    return json.dumps(data) if isinstance(data, list | dict) else Text(data)


def _plain(value: Any, depth: int) -> Any:
    """Return what JSON can say; keys are texts, and what is too deep, or in itself, is one."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if _is_decimal(value):
        return text_of_key(NumberText(_text(value)))
    if depth < _DEPTH_MAX:
        if isinstance(value, Mapping):
            return {_text(name): _plain(one, depth + 1) for name, one in value.items()}
        if isinstance(value, set | frozenset):
            return [_plain(one, depth + 1) for one in sorted(value, key=_text)]
        if isinstance(value, list | tuple):
            return [_plain(one, depth + 1) for one in value]
    return _text(value)


def _is_decimal(value: object) -> bool:
    """Return whether it is a number that can be written as one, as those of numpy are."""
    if not isinstance(value, Number):
        return False
    try:
        Decimal(_text(value))
    except InvalidOperation:
        return False
    return True


def _text(value: object) -> str:
    if isinstance(value, bytearray | memoryview):
        value = bytes(value)
    try:
        return str.__str__(str(value))
    except Exception as error:  # noqa: BLE001 - what it says of itself must not lose the operation
        return f"{type(value).__name__} without a text ({type(error).__name__})"
