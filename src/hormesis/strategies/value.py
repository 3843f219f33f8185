"""One value of a column: what to bind, what to write, and what must be read back."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hormesis.strategies.column_type import ColumnType
from hormesis.strategies.literal import literal

Bounds = tuple[str, object, object]
"""A range in normal form: its bounds such as ``[)``, lower, upper; ``("empty", None, None)``."""


@dataclass(frozen=True)
class Value:
    """A value that a column of *type* takes.

    *param* is bound to ``%s`` of a statement, best with a cast: ``%s::type``. *stored* is its
    normal form, what psycopg reads back with its usual loaders (see :meth:`same`); for a value
    that Python cannot hold (``infinity``, a date before Christ) it is the text that the server
    prints with ``DateStyle`` ISO and ``TimeZone`` UTC, and :attr:`as_text` is true: read it
    with ``::text``.
    """

    type: ColumnType
    param: object
    stored: object
    as_text: bool = False

    @property
    def sql(self) -> str:
        """The value as an expression in SQL."""
        return literal(self.param, self.type.sql)

    @property
    def is_null(self) -> bool:
        """Whether it is NULL."""
        return self.param is None

    @property
    def key(self) -> object:
        """Equal for values that a unique constraint takes as equal (never fewer than those)."""
        return _key(self.stored)

    def same(self, read: object) -> bool:
        """Return whether *read* is this value as it was stored.

        NaN is NaN, the sign of zero counts for floats, ranges and lists are compared by content,
        numbers and times by value, JSON by what it means, ``real`` in single precision (the
        server prints the shortest number that rounds to it).
        """
        return _same(self.stored, _single(read) if self.type.underlying.base == "real" else read)


def _same(stored: object, read: object) -> bool:
    if stored is None or isinstance(stored, bool):
        return stored is read
    if isinstance(stored, float) and isinstance(read, float):
        if math.isnan(stored) or math.isnan(read):
            return math.isnan(stored) and math.isnan(read)
        return stored == read and math.copysign(1, stored) == math.copysign(1, read)
    if isinstance(stored, Decimal) and isinstance(read, Decimal):
        return (stored.is_nan() and read.is_nan()) or stored == read
    if isinstance(stored, dict) and isinstance(read, dict):
        return stored.keys() == read.keys() and all(
            _same(value, read[key]) for key, value in stored.items()
        )
    if isinstance(stored, list):
        return (
            isinstance(read, Sequence)
            and len(stored) == len(read)
            and all(_same(one, other) for one, other in zip(stored, read, strict=True))
        )
    if isinstance(stored, tuple):
        return stored == _bounds(read)
    if isinstance(stored, int | float) and isinstance(read, int | float):
        return not isinstance(read, bool) and stored == read
    return type(stored) is type(read) and stored == read


def _single(read: object) -> object:
    if isinstance(read, list):
        return [_single(one) for one in read]
    if isinstance(read, float):
        return struct.unpack("f", struct.pack("f", read))[0]
    return read


def _bounds(read: object) -> object:
    """Return the normal form of a driver's range object, as far as it is one."""
    if getattr(read, "isempty", False):
        return ("empty", None, None)
    names = ("bounds", "lower", "upper")
    return tuple(getattr(read, name, read) for name in names)


def _key(stored: object) -> object:
    if isinstance(stored, float) and math.isnan(stored):
        return "NaN"
    if isinstance(stored, Decimal) and stored.is_nan():
        return "NaN"
    if isinstance(stored, str):
        return stored.rstrip(" ")
    if isinstance(stored, list):
        return tuple(_key(one) for one in stored)
    if isinstance(stored, dict):
        return json.dumps(stored, sort_keys=True)
    return stored
