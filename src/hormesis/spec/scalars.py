"""Scalars: what a plain, unquoted word of a file means, by the core schema of YAML 1.2.

Only ``null``, ``true``, ``false`` and numbers are not text; ``no``, ``on`` and ``12:30`` are.
"""

from __future__ import annotations

import math
import re
from typing import Any

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_DIGITS_MAX = 300


def plain_scalar(text: str) -> Any:
    """Return what the unquoted word *text* means.

    Raises:
        ValueError: it is a number that is too large to be one.
    """
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if not text[0].isdigit() and text[0] not in "+-.":
        return text
    if len(text) > _DIGITS_MAX and _FLOAT.fullmatch(text):
        raise ValueError("a number that is not too large")
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("a number that is not too large")
        return number
    return text


def retyped(text: str) -> Any:
    """Return the number or truth value that *text* writes in its usual form, or *text* itself.

    Only the usual form counts, so that ``007`` and ``1.10`` stay the texts they are.
    """
    try:
        value = plain_scalar(text)
    except ValueError:
        return text
    return value if text and value is not None and told(value) == text else text


def told(value: Any) -> str:
    """Write a scalar the way a file does: ``true``, ``3``, ``1.5``; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def text_trouble(text: str) -> str:
    """Return why *text* cannot be passed on as text, or an empty text when it can."""
    if "\0" in text:
        return "expected text, found a NUL character in it"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "expected Unicode text, found half a surrogate pair in it"
    return ""
