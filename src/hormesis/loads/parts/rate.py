"""Rates as files write them: ``50/s``, or a bare number per ``time_unit`` as k6 has it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from hormesis.words.units import per_second_from


def _rate_from(value: Any) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < float("inf"):
            raise ValueError("expected a rate of at least 0")
        return float(value)
    per_second_from(value)
    return str(value)


Rate = Annotated[
    float | str,
    BeforeValidator(_rate_from),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "title": "rate", "examples": ["50/s"]},
                {"type": "number", "minimum": 0},
            ]
        }
    ),
]
"""A rate: text with a unit of its own, or a number per ``time_unit``."""


def per_second(rate: float | str, time_unit_s: float) -> float:
    """Return events per second; *time_unit_s* is the unit of a bare number, in seconds."""
    return per_second_from(rate) if isinstance(rate, str) else rate / time_unit_s
