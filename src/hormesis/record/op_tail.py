"""Op tail: the operations of a run that goes on; each look reads only what is new.

What one look gave out stays as it is: later operations go into the spare room behind it, and where
the order of ends asks for a place further in front, columns are copied first.
"""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.record.drop_table import DropTable
from hormesis.record.op_columns import RecordedColumns
from hormesis.record.op_reader import (
    COLUMNS,
    LabelTable,
    OpFile,
    drops_of,
    parts_from,
    sorted_out,
)
from hormesis.record.op_table import OpTable
from hormesis.record.read_problems import ReadProblems
from hormesis.record.value_table import ValueTable

_ROOM = 1 << 16


class OpTail:
    """Operations in the order of their ends, as in :func:`hormesis.record.op_reader.read_ops`."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[Any]] = {
            name: np.empty(_ROOM, dtype=kind) for name, kind in COLUMNS.items()
        }
        self._filled = 0
        self._read: dict[Path, int] = {}
        """How many records of each file were read."""
        self._drops: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def read(self, files: list[OpFile], labels: LabelTable, problems: ReadProblems) -> None:
        """Take what is new in *files*, of which the labels are known."""
        before, several = self._filled, len(self._read) > 1
        for file in files:
            start = self._read.get(file.path, 0)
            if file.records <= start:
                continue
            known, target = labels.targets(file.shard)
            for first, part in parts_from(file, start, problems):
                chosen, target_of, dropped = sorted_out(
                    file.path, first, part, (known, target), problems
                )
                if dropped is not None:
                    self._drops.append(dropped)
                self._append(part[chosen], target_of[chosen])
                self._read[file.path] = first + len(part)
        if len(self._read) > 1:
            self._order(before if several else 0, before)

    def _append(self, rows: NDArray[Any], label: NDArray[Any]) -> None:
        upto = self._filled + len(rows)
        if upto > len(self._columns["label"]):
            self._columns = self._copied(self._filled, max(2 * self._filled, upto + _ROOM))
        for name, column in self._columns.items():
            column[self._filled : upto] = label if name == "label" else rows[name]
        self._filled = upto

    def _copied(self, count: int, room: int) -> dict[str, NDArray[Any]]:
        made = {name: np.empty(room, dtype=kind) for name, kind in COLUMNS.items()}
        for name, column in made.items():
            column[:count] = self._columns[name][:count]
        return made

    def _order(self, even: int, given: int) -> None:
        """Bring all rows into order; the first *even* are, and the first *given* were given out."""
        new = self._ended(even, self._filled)
        if not len(new):
            return
        place = bisect_right(
            range(even), int(new.min()), key=lambda row: int(self._ended(row, row + 1)[0])
        )
        ended = self._ended(place, self._filled)
        if np.all(ended[1:] >= ended[:-1]):
            return
        order = np.argsort(ended, kind="stable")
        if place < given:
            moved = self._columns
            self._columns = self._copied(place, len(moved["label"]))
        else:
            moved = {name: one[: self._filled].copy() for name, one in self._columns.items()}
        for name, column in self._columns.items():
            column[place : self._filled] = moved[name][place : self._filled][order]

    def _ended(self, start: int, end: int) -> NDArray[np.int64]:
        rows = slice(start, end)
        ended: NDArray[np.int64] = self._columns["due_us"][rows] + self._columns["lag_us"][rows]
        ended += self._columns["took_us"][rows]
        return ended

    def tables(self, labels: LabelTable, values: ValueTable) -> tuple[OpTable, DropTable]:
        """Return all operations and drops so far."""
        columns = {name: column[: self._filled] for name, column in self._columns.items()}
        drops = drops_of(self._drops, labels.loads)
        return OpTable(RecordedColumns(**columns, values=values), labels.labels), drops
