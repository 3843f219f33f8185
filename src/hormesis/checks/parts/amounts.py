"""Amounts: numbers as clients and databases write them, exact."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from hormesis.words.kind import Scalar


def amount_of(value: object) -> Decimal | None:
    """Return *value* as an exact number; None when it is none.

    A fraction counts as it is written: 0.1 is a tenth. Numbers may be texts, as drivers give
    decimals.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def named_amounts(cell: Scalar) -> dict[str, Decimal | None] | None:
    """Return the amounts in a cell that holds a JSON mapping or list; None when it holds neither.

    Those of a list are called by their places, from 1.
    """
    if not (isinstance(cell, str) and cell.lstrip()[:1] in ("{", "[")):
        return None
    try:
        data = json.loads(cell)
    except ValueError:
        return None
    pairs = data.items() if isinstance(data, dict) else enumerate(data, 1)
    return {str(name): amount_of(value) for name, value in pairs}
