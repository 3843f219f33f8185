"""Amounts: numbers as clients and databases write them, exact."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from hormesis.words.kind import Scalar

_DIGITS_MAX = 1000
"""Digits before the point, and behind it, of an amount."""


def amount_of(value: object) -> Decimal | None:
    """Return *value* as an exact number; None when it is none.

    A fraction counts as it is written: 0.1 is a tenth. Numbers may be texts, as drivers give
    decimals. One of more than 1000 digits before or behind the point is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return None
    return number if max(abs(exponent), abs(number.adjusted())) < _DIGITS_MAX else None


def exactly() -> AbstractContextManager[Context]:
    """Return a context in which sums of amounts are exact."""
    return localcontext(Context(prec=4 * _DIGITS_MAX, traps=[Inexact]))


def text_of_amount(value: Decimal) -> str:
    """Write all digits that *value* has, and no others."""
    digits = f"{value:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits == "-0" else digits


def figure_of(value: Decimal) -> int | float:
    """Return *value* as a figure, exact when it is whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _amount_from(value: Any) -> Decimal:
    amount = amount_of(value)
    if amount is None:
        raise ValueError("expected a number, such as 1000, or '0.10' with all its digits")
    return amount


def _written(value: Decimal) -> int | float | str:
    """Return *value* as a file may hold it, and give it back whole."""
    figure = figure_of(value)
    return figure if Decimal(str(figure)) == value else str(value)


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount_from),
    PlainSerializer(_written),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
"""An exact number; a fraction counts as it is written."""


def named_amounts(cell: Scalar) -> dict[str, Decimal | None] | None:
    """Return the amounts in a cell that holds a JSON mapping or list; None when it holds neither.

    Those of a list are called by their places, from 1.
    """
    if not (isinstance(cell, str) and cell.lstrip()[:1] in ("{", "[")):
        return None
    try:
        data = json.loads(cell, parse_float=Decimal)
    except ValueError:
        return None
    pairs = data.items() if isinstance(data, dict) else enumerate(data, 1)
    return {str(name): amount_of(value) for name, value in pairs}
