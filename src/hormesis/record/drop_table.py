"""Drop table: arrivals that nobody began, in columns; an overload may drop millions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hormesis.record.column_table import ColumnTable
from hormesis.record.op_columns import Floats
from hormesis.words.op import Drop


class DropTable(ColumnTable[Drop]):
    """Drops, in the order in which they were due.

    ``due_s`` is when, in seconds of the run; ``load`` indexes into ``loads``.
    """

    def __init__(self, due_s: Floats, load: NDArray[Any], loads: Sequence[str]) -> None:
        self.due_s = due_s
        self.load = load
        self.loads = tuple(loads)

    def count_of(self, load: str | None = None) -> int:
        """Return how many are of *load*, or of any."""
        if load is None:
            return len(self)
        wanted = [index for index, name in enumerate(self.loads) if name == load]
        return int(np.isin(self.load, wanted).sum())

    def __len__(self) -> int:
        return len(self.due_s)

    @overload
    def __getitem__(self, index: int) -> Drop: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Drop]: ...
    def __getitem__(self, index: int | slice) -> Drop | Sequence[Drop]:
        if isinstance(index, slice):
            return DropTable(self.due_s[index], self.load[index], self.loads)
        return Drop(self.loads[int(self.load[index])], float(self.due_s[index]))


def drop_table_of(drops: Sequence[Drop]) -> DropTable:
    """Return *drops* as a table: itself if it is one."""
    if isinstance(drops, DropTable):
        return drops
    loads = {load: index for index, load in enumerate(dict.fromkeys(one.load for one in drops))}
    return DropTable(
        np.array([one.due for one in drops], dtype=np.float64),
        np.array([loads[one.load] for one in drops], dtype=np.int64),
        tuple(loads),
    )
