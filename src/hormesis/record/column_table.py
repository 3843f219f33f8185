"""Column table: rows that stand in columns, and become values only when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

Row = TypeVar("Row")
_SHOWN = 3


class ColumnTable(Sequence[Row]):
    """Equal to any sequence of equal rows; has no hash, as a list has none."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == its for mine, its in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(repr(one) for one in islice(self, _SHOWN))
        return f"{type(self).__name__}([{shown}{', …' if len(self) > _SHOWN else ''}])"
