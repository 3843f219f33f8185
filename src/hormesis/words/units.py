"""Quantities with units: durations, sizes, rates, shares.

Files never hold a bare number where a unit matters: ``30s``, ``1.5m``, ``64MB``, ``50/s``,
``25%``. Each parser raises ``ValueError`` with what was expected, which the reader of files turns
into a problem with line and column.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema

_DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(ms|s|m|h)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def seconds_from(value: Any) -> float:
    """Parse a duration such as ``500ms``, ``30s`` or ``1h30m`` into seconds.

    Raises:
        ValueError: the text is not a duration with a unit.
    """
    text = value if isinstance(value, str) else ""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise ValueError("expected a duration with a unit, such as 500ms, 30s or 1m30s")
    return float(sum(float(number) * _DURATIONS[unit] for number, unit in parts))


def text_of_seconds(seconds: float) -> str:
    """Write *seconds* the way files do, in the largest unit that stays exact: ``1.5s``."""
    if seconds and seconds < 1:
        return f"{seconds * 1000:.6g}ms"
    if seconds >= 60 and seconds % 60 == 0:
        return f"{seconds / 60:.6g}m"
    return f"{seconds:.6g}s"


def bytes_from(value: Any) -> int:
    """Parse a size such as ``10KB`` or ``64MiB`` into bytes.

    Raises:
        ValueError: the text is not a size with a unit.
    """
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or match[2] not in _SIZES:
        raise ValueError("expected a size with a unit, such as 10KB, 64MB or 1GiB")
    return int(float(match[1]) * _SIZES[match[2]])


def text_of_bytes(size: int) -> str:
    """Write *size* the way files do, in the largest unit that stays exact: ``10KB``."""
    for unit in ("GiB", "MiB", "KiB", "GB", "MB", "KB"):
        if size and size % _SIZES[unit] == 0:
            return f"{size // _SIZES[unit]}{unit}"
    return f"{size}B"


def per_second_from(value: Any) -> float:
    """Parse a rate such as ``50/s`` or ``600/m`` into events per second.

    Raises:
        ValueError: the text is not a rate with a unit.
    """
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a rate with a unit, such as 50/s or 600/m")
    return float(match[1]) / _DURATIONS[match[2]]


def share_from(value: Any) -> float:
    """Parse a share such as ``25%`` or ``0.25`` into a number from 0 to 1.

    Raises:
        ValueError: the value is not a share, or lies outside 0 to 1.
    """
    share = -1.0
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())):
        share = float(match[1]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    if not 0 <= share <= 1:
        raise ValueError("expected a share from 0 to 1 or from 0% to 100%")
    return share


def _span_from(value: Any, info: ValidationInfo) -> float:
    scale = (info.context or {}).get("time_scale", 1.0)
    return seconds_from(value) * float(scale)


def _quantity(parse: Any, form: str, example: str) -> tuple[Any, Any]:
    """Return the pydantic metadata of a quantity that is written as text in files."""
    return (
        BeforeValidator(parse),
        WithJsonSchema({"type": "string", "title": form, "examples": [example]}),
    )


_seconds = _quantity(seconds_from, "duration", "30s")
_bytes = _quantity(bytes_from, "size", "64MB")
_rate = _quantity(per_second_from, "rate", "50/s")

Seconds = Annotated[float, *_seconds, PlainSerializer(text_of_seconds)]
"""A duration; text with a unit in files, seconds in code."""
Span = Annotated[
    float, BeforeValidator(_span_from), *_seconds[1:], PlainSerializer(text_of_seconds)
]
"""A duration of the run's own shape, which ``--time-scale`` shrinks or stretches; limits on the
system under test are ``Seconds`` and never scaled."""
Bytes = Annotated[int, *_bytes, PlainSerializer(text_of_bytes)]
"""A size; text with a unit in files, bytes in code."""
PerSecond = Annotated[float, *_rate, PlainSerializer(lambda rate: f"{rate:.6g}/s")]
"""A rate; text with a unit in files, events per second in code."""
Share = Annotated[float, BeforeValidator(share_from), WithJsonSchema(
    {"anyOf": [{"type": "string", "examples": ["25%"]},
               {"type": "number", "minimum": 0, "maximum": 1}]})]  # fmt: skip
"""A share; ``25%`` or ``0.25`` in files, 0 to 1 in code."""

PortNumber = Annotated[int, Field(ge=1, le=65535)]
"""A port of TCP or UDP."""
