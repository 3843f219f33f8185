"""Keys: what an operation or a row was about, as comparable values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from hormesis.words.kind import Scalar

Key = tuple[str, ...]


class Text(str):
    """A value that was a text where it was recorded: never a list, even one written ``[]``.

    A run's files do not tell; there a text that is a JSON list is read as one.
    """

    __slots__ = ()


class NumberText(str):
    """A number that was recorded as a text, because no float holds it."""

    __slots__ = ()


def _names_from(value: Any) -> Any:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(names):
        raise ValueError("expected a field's name or a list of them, such as [job, attempt]")
    return tuple(names)


Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names_from),
    WithJsonSchema(
        {"anyOf": [{"type": "string"},
                   {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    ),
]  # fmt: skip
"""Names of fields; one name may be written without a list."""


def text_of_key(value: object) -> str:
    """Return the text that decides whether two keys are the same.

    Texts, because a database and an HTTP answer often disagree about ``7`` and ``"7"``: those are
    one key, and so are 1 and 1.0, and any NaN and another. True and 1 are two.
    """
    if isinstance(value, str):
        return _plain_number(value) if isinstance(value, NumberText) else str.__str__(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _plain_number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        return str.__str__(text).lower()
    digits = f"{number:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits == "-0" else digits


def key_of(value: Mapping[str, Scalar], names: tuple[str, ...]) -> Key | None:
    """Return the values of *names*, or None when one is missing: then it was about nothing."""
    key = [value.get(name) for name in names]
    return None if None in key else tuple(text_of_key(part) for part in key)


def group_of(values: Iterable[Scalar]) -> tuple[str | None, ...]:
    """Return a key some of whose parts may be missing."""
    return tuple(None if value is None else text_of_key(value) for value in values)


def parts_of(value: Scalar, separator: str) -> list[str]:
    """Return a field's values as texts: one, or several; None has none.

    Several stand in a JSON list, as a client records one, or have a *separator* between them. See
    :func:`text_of_key` for which are the same.
    """
    if value is None:
        return []
    parts = None if isinstance(value, Text) else _list_in(value)
    if parts is None and not separator:
        return [text_of_key(value)]
    parts = text_of_key(value).split(separator) if parts is None else parts
    return [part.strip() for part in parts if part.strip()] if separator else parts


def _list_in(value: Scalar) -> list[str] | None:
    if not (isinstance(value, str) and value.startswith("[")):
        return None
    try:
        parts = json.loads(value)
    except ValueError:
        return None
    return [text_of_key(part) for part in parts if part is not None]
