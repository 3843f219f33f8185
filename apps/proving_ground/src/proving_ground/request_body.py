"""Read a request's JSON body field by field, each with its type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

TEXT_MAX = 200
BODY_MAX = 4 * 1024 * 1024


class BadRequest(Exception):
    """The request cannot be understood; becomes 400 with this text."""


class Body:
    """The JSON object of one request; a missing body is an empty object."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    @classmethod
    async def of(cls, request: Request) -> Body:
        """Read it; raises ``BadRequest`` when it is no JSON object."""
        raw = await request.body()
        if len(raw) > BODY_MAX:
            raise BadRequest(f"a body of at most {BODY_MAX} bytes was expected, found {len(raw)}")
        try:
            fields = json.loads(raw) if raw else {}
        except ValueError as error:
            raise BadRequest(f"a JSON object was expected: {error}") from None
        if not isinstance(fields, dict):
            raise BadRequest(f"a JSON object was expected, found {type(fields).__name__}")
        return cls(fields)

    def text(self, name: str) -> str:
        """Return a non-empty string."""
        value = self.text_or_none(name)
        if value is None:
            raise BadRequest(f"{name}: a string was expected, found nothing")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a non-empty string, or None when it is absent."""
        value = self._fields.get(name)
        return None if value is None else checked_text(name, value)

    def number(self, name: str, *, least: int, most: int, otherwise: int | None = None) -> int:
        """Return a whole number within bounds."""
        value = self._fields.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise BadRequest(
                f"{name}: a whole number from {least} to {most} was expected, found {value!r}"
            )
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return an object, empty when it is absent."""
        value = self._fields.get(name, {})
        # PostgreSQL's jsonb cannot hold the character NUL, however it is written.
        if not isinstance(value, dict) or "\\u0000" in json.dumps(value):
            raise BadRequest(f"{name}: a JSON object without NUL characters was expected")
        return value

    def mappings(self, name: str, *, most: int) -> Sequence[Mapping[str, Any]]:
        """Return a list of objects."""
        values = self._fields.get(name)
        if not isinstance(values, list) or not 0 < len(values) <= most:
            raise BadRequest(f"{name}: a list of 1 to {most} objects was expected")
        if not all(isinstance(value, dict) for value in values):
            raise BadRequest(f"{name}: a list of objects was expected")
        return values

    def texts(self, name: str, *, most: int) -> Sequence[str] | None:
        """Return a list of non-empty strings, or None when it is absent."""
        values = self._fields.get(name)
        if values is None:
            return None
        if not isinstance(values, list) or not 0 < len(values) <= most:
            raise BadRequest(f"{name}: a list of 1 to {most} strings was expected")
        return [checked_text(f"{name}[{n}]", value) for n, value in enumerate(values)]


def checked_text(name: str, value: object) -> str:
    """Return ``value`` when it is a non-empty string of reasonable length; else ``BadRequest``."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_MAX or "\0" in value:
        raise BadRequest(
            f"{name}: a string of 1 to {TEXT_MAX} characters was expected, found {value!r:.60}"
        )
    return value
