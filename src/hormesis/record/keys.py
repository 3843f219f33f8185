"""Keys: what an operation or a row was about, as comparable values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from hormesis.words.kind import Scalar

Key = tuple[Scalar, ...]


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


def key_of(value: Mapping[str, Scalar], names: tuple[str, ...]) -> Key | None:
    """Return the values of *names*, or None when one is missing: then it was about nothing."""
    key = tuple(value.get(name) for name in names)
    return None if any(part is None or part == "" for part in key) else key


def parts_of(value: Scalar, separator: str) -> list[str]:
    """Return a field's values as texts: one, or several; None has none.

    Several stand in a JSON list, as a client records one, or have a *separator* between them.

    Texts, because a database and an HTTP answer often disagree about ``7`` and ``"7"``.
    """
    if value is None:
        return []
    parts = _list_in(value)
    if parts is None:
        parts = str(value).split(separator) if separator else [str(value)]
    return [part.strip() for part in parts if part.strip()]


def _list_in(value: Scalar) -> list[str] | None:
    if not (isinstance(value, str) and value.startswith("[")):
        return None
    try:
        parts = json.loads(value)
    except ValueError:
        return None
    return [str(part) for part in parts if part is not None]
