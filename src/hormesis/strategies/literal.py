"""Values as SQL writes them, in the formats that every session reads alike."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal


def quoted_text(text: str) -> str:
    """Return *text* as a string constant, whatever ``standard_conforming_strings`` says."""
    doubled = text.replace("'", "''")
    if "\\" in doubled:
        return "E'" + doubled.replace("\\", "\\\\") + "'"
    return f"'{doubled}'"


def input_text(value: object) -> str:
    """Return what the server's input function of a fitting type reads as *value*.

    Lists become array literals, times that know their zone are told in it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return "NaN" if value.is_nan() else format(value, "f" if value.is_finite() else "")
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"
    if isinstance(value, list | tuple):
        return "{" + ",".join(_element_text(one) for one in value) + "}"
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _element_text(value: object) -> str:
    if value is None:
        return "NULL"
    text = input_text(value)
    if isinstance(value, list | tuple):
        return text
    if text and text.upper() != "NULL" and all(one.isalnum() or one in "-+." for one in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: object, type_sql: str) -> str:
    """Return *value* as an expression of the type written *type_sql*."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and type_sql in ("smallint", "integer", "bigint", "numeric"):
        return str(value)
    if isinstance(value, str) and type_sql == "text":
        return quoted_text(value)
    return f"{quoted_text(input_text(value))}::{type_sql}"
