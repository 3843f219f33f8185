"""Op columns: what a table of operations is stored in, one array per field.

Recorded operations stay in the whole microseconds of their files, 28 bytes each; those that were
made in memory keep their exact times. Seconds are computed when asked for, so that ten million
operations need no more than a few arrays at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.record.op_record import label_key
from hormesis.record.value_table import ValueTable
from hormesis.words.kind import Scalar
from hormesis.words.op import Label, Op

Floats = NDArray[np.float64]
Whole = NDArray[Any]
"""An array of integers of some width."""
Mask = NDArray[np.bool_]

_MICRO = 1e6


class OpColumns(ABC):
    """Columns of equal length; ``label`` holds indexes into the table's labels."""

    number: Whole
    user: Whole
    label: Whole
    values: Mapping[int, Mapping[str, Scalar]]
    """What operations were about, by number; those that recorded nothing are not in it."""

    @abstractmethod
    def due(self, rows: slice | Whole) -> Floats:
        """Return when *rows* were due, in seconds of the run."""

    @abstractmethod
    def sent(self, rows: slice | Whole) -> Floats:
        """Return when *rows* were sent, in seconds of the run."""

    @abstractmethod
    def ended(self, rows: slice | Whole) -> Floats:
        """Return when *rows* ended, in seconds of the run."""

    @abstractmethod
    def made(self, rows: slice | Whole, labels: Sequence[Label]) -> list[Op]:
        """Return *rows* as values."""

    @abstractmethod
    def recorded(self, field: str) -> Mask:
        """Return which rows recorded a value with *field*."""


class RecordedColumns(OpColumns):
    """Columns as they stand in the files: times in whole microseconds."""

    def __init__(
        self,
        *,
        number: Whole,
        user: Whole,
        label: Whole,
        due_us: Whole,
        lag_us: Whole,
        took_us: Whole,
        values: ValueTable,
    ) -> None:
        self.number, self.user, self.label = number, user, label
        self.due_us, self.lag_us, self.took_us = due_us, lag_us, took_us
        self.values: ValueTable = values

    def due(self, rows: slice | Whole) -> Floats:
        return self.due_us[rows] / _MICRO

    def sent(self, rows: slice | Whole) -> Floats:
        moments: Floats = (self.due_us[rows] + self.lag_us[rows]) / _MICRO
        return moments

    def ended(self, rows: slice | Whole) -> Floats:
        moments = self.due_us[rows] + self.lag_us[rows]
        moments += self.took_us[rows]
        return moments / _MICRO

    def made(self, rows: slice | Whole, labels: Sequence[Label]) -> list[Op]:
        numbers = self.number[rows]
        made = []
        for number, user, code, due, sent, ended, value in zip(
            numbers.tolist(),
            self.user[rows].tolist(),
            self.label[rows].tolist(),
            self.due(rows).tolist(),
            self.sent(rows).tolist(),
            self.ended(rows).tolist(),
            self.values.at(numbers),
            strict=True,
        ):
            one = labels[code]
            made.append(
                Op(number, one.load, one.name, user, due, sent, ended, one.outcome, one.error,
                   value, one.tags)
            )  # fmt: skip
        return made

    def recorded(self, field: str) -> Mask:
        return np.isin(self.number, self.values.with_field(field))


class ListedColumns(OpColumns):
    """Columns of operations that exist as values already; those are what is given out again."""

    def __init__(self, ops: Sequence[Op]) -> None:
        self._ops = ops
        self.values = {op.number: op.value for op in ops if op.value}
        self._labels: dict[Any, int] = {}
        self.labels: list[Label] = []
        self.number = np.array([op.number for op in ops], dtype=np.int64)
        self.user = np.array([op.user for op in ops], dtype=np.int64)
        self.label = np.array([self._labelled(op) for op in ops], dtype=np.int64)
        self._due = np.array([op.due for op in ops], dtype=np.float64)
        self._sent = np.array([op.sent for op in ops], dtype=np.float64)
        self._ended = np.array([op.ended for op in ops], dtype=np.float64)

    def due(self, rows: slice | Whole) -> Floats:
        return self._due[rows]

    def sent(self, rows: slice | Whole) -> Floats:
        return self._sent[rows]

    def ended(self, rows: slice | Whole) -> Floats:
        return self._ended[rows]

    def made(self, rows: slice | Whole, labels: Sequence[Label]) -> list[Op]:
        if isinstance(rows, slice):
            return list(self._ops[rows])
        return [self._ops[row] for row in rows.tolist()]

    def recorded(self, field: str) -> Mask:
        return np.array([field in op.value for op in self._ops], dtype=np.bool_)

    def _labelled(self, op: Op) -> int:
        key = label_key(op)
        code = self._labels.get(key)
        if code is None:
            code = self._labels[key] = len(self.labels)
            self.labels.append(Label(op.load, op.name, op.outcome, op.error, op.tags))
        return code
