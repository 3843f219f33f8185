"""Op table: a run's operations in columns; an operation becomes a value only when it is looked at.

Everything that counts or measures works on the columns, so that ten million operations are judged
in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hormesis.record.column_table import ColumnTable
from hormesis.record.op_columns import Floats, ListedColumns, Mask, OpColumns, Whole
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Label, Op
from hormesis.words.op_sequence import OpSequence

_CHUNK = 1 << 18
"""How many rows are computed at once: few enough for the processor's cache."""
_MADE_AT_ONCE = 4096


class OpTable(ColumnTable[Op], OpSequence):
    """Operations as columns, in the order in which they were recorded.

    ``labels`` holds what operations have in common; ``label`` is each one's index into it. Times
    are arrays of seconds of the run (float64), computed anew each time they are asked for. A table
    that :meth:`where` returned shares the columns of the one it was chosen from.
    """

    def __init__(
        self, columns: OpColumns, labels: Sequence[Label], chosen: Mask | Whole | None = None
    ) -> None:
        self.labels = tuple(labels)
        self._columns = columns
        # A mask is an eighth of the positions, and read in order; few positions are less still.
        self._chosen: Mask | None = None
        self._places: Whole | None = None
        if chosen is None:
            self._length = len(columns.number)
        elif chosen.dtype == np.bool_:
            self._chosen, self._length = chosen, int(np.count_nonzero(chosen))
        else:
            self._places, self._length = chosen, len(chosen)

    @property
    def number(self) -> Whole:
        """Return each operation's number."""
        return self._column(self._columns.number)

    @property
    def user(self) -> Whole:
        """Return each operation's virtual user."""
        return self._column(self._columns.user)

    @property
    def label(self) -> Whole:
        """Return each operation's index into ``labels``."""
        return self._column(self._columns.label)

    @property
    def due_s(self) -> Floats:
        """Return when each operation was due."""
        return self._computed(self._columns.due)

    @property
    def sent_s(self) -> Floats:
        """Return when each operation was sent."""
        return self._computed(self._columns.sent)

    @property
    def ended_s(self) -> Floats:
        """Return when each operation ended."""
        return self._computed(self._columns.ended)

    @property
    def response_s(self) -> Floats:
        """Return how long each took from when it was due to its end."""
        columns = self._columns
        return self._computed(lambda rows: columns.ended(rows) - columns.due(rows))

    @property
    def service_s(self) -> Floats:
        """Return how long each took from the send to its end."""
        columns = self._columns
        return self._computed(lambda rows: columns.ended(rows) - columns.sent(rows))

    @property
    def lag_s(self) -> Floats:
        """Return how late the load generator sent each."""
        columns = self._columns
        return self._computed(lambda rows: columns.sent(rows) - columns.due(rows))

    @property
    def values(self) -> Mapping[int, Mapping[str, Scalar]]:
        """Return what operations were about, by number, also those that were not chosen."""
        return self._columns.values

    def where(self, chosen: Mask | Whole) -> OpTable:
        """Return the chosen operations.

        *chosen* is one truth value per operation, or the positions of some, in the order wanted.

        Raises:
            ValueError: there is not one truth value per operation.
        """
        if chosen.dtype != np.bool_:
            return OpTable(self._columns, self.labels, self._rows_at(chosen))
        if len(chosen) != self._length:
            raise ValueError(f"expected {self._length} truth values, found {len(chosen)}")
        if chosen.all():
            return self
        if self._places is not None:
            return OpTable(self._columns, self.labels, self._places[chosen])
        if self._chosen is None:
            return OpTable(self._columns, self.labels, chosen)
        mask = self._chosen.copy()
        mask[mask] = chosen
        return OpTable(self._columns, self.labels, mask)

    def mask_of(self, wanted: Callable[[Label], bool]) -> Mask:
        """Return for each operation whether *wanted* holds for its label; asked once per label."""
        answers = np.array([wanted(label) for label in self.labels], dtype=np.bool_)
        if answers.all():
            return np.ones(self._length, dtype=np.bool_)
        return answers[self.label]

    def mask_inside(self, stretches: Sequence[tuple[float, float]]) -> Mask:
        """Return for each operation whether it was due in one of *stretches* (seconds)."""
        due_s = self.due_s
        mask = np.zeros(self._length, dtype=np.bool_)
        for start, end in stretches:
            mask |= (due_s >= start) & (due_s < end)
        return mask

    def recorded(self, field: str) -> Mask:
        """Return for each operation whether its value has *field*."""
        return self._column(self._columns.recorded(field))

    @cached_property
    def label_counts(self) -> Whole:
        """Return how many operations have each label, in the order of ``labels``."""
        return np.bincount(self.label, minlength=len(self.labels))

    def count_where(self, wanted: Callable[[Label], bool]) -> int:
        """Return for how many operations *wanted* holds for the label."""
        counts = self.label_counts.tolist()
        pairs = zip(self.labels, counts, strict=True)
        return sum(count for label, count in pairs if count and wanted(label))

    def count_of(self, load: str | None = None, outcome: Ended | None = None) -> int:
        """Return how many are of *load* and ended with *outcome*; None means any."""
        return self.count_where(
            lambda one: load in (None, one.load) and outcome in (None, one.outcome)
        )

    def labelled(self) -> Iterator[tuple[Label, int]]:
        """Yield each label that some operation has, and how many have it."""
        counts = self.label_counts.tolist()
        pairs = zip(self.labels, counts, strict=True)
        return ((label, count) for label, count in pairs if count)

    def named(self, name: str, load: str | None = None) -> Iterator[Op]:
        """Yield those called *name*, of *load* or of any."""
        return iter(
            self.where(self.mask_of(lambda one: one.name == name and load in (None, one.load)))
        )

    def ended_before(self, moment: float) -> OpTable:
        """Return those that ended before *moment*, in seconds of the run."""
        return self.where(self.ended_s < moment)

    def at(self, rows: Whole) -> list[Op]:
        """Return the operations at the positions *rows*, in that order."""
        return self._columns.made(self._rows_at(rows), self.labels)

    def numbered(self, number: int) -> Op | None:
        """Return the operation of a number, None when there is none."""
        ordered, rows = self._by_number
        place = int(np.searchsorted(ordered, number))
        if place == len(ordered) or ordered[place] != number:
            return None
        return self[int(rows[place]) if rows is not None else place]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Op]:
        for rows in self._parts(_MADE_AT_ONCE):
            yield from self._columns.made(rows, self.labels)

    @overload
    def __getitem__(self, index: int) -> Op: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Op]: ...
    def __getitem__(self, index: int | slice) -> Op | Sequence[Op]:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._length)
            if step < 0:
                return self.at(np.arange(start, stop, step))
            mask = np.zeros(self._length, dtype=np.bool_)
            mask[index] = True
            return self.where(mask)
        row = range(self._length)[index]
        return self.at(np.array([row]))[0]

    @cached_property
    def _rows(self) -> Whole:
        """Return where in the columns the operations of a chosen part stand."""
        if self._places is not None:
            return self._places
        return np.arange(self._length) if self._chosen is None else np.flatnonzero(self._chosen)

    def _rows_at(self, places: Whole) -> Whole:
        whole = self._chosen is None and self._places is None
        return places if whole else self._rows[places]

    def _parts(self, size: int) -> Iterator[slice | Whole]:
        """Yield the rows of the columns in parts of at most *size*."""
        if self._places is not None:
            for start in range(0, self._length, size):
                yield self._places[start : start + size]
            return
        for start in range(0, len(self._columns.number), size):
            if self._chosen is None:
                yield slice(start, start + size)
            else:
                yield np.flatnonzero(self._chosen[start : start + size]) + start

    @cached_property
    def _by_number(self) -> tuple[Whole, Whole | None]:
        """Return the numbers in rising order and where they stand; None: where they are."""
        number = self.number
        if np.all(number[1:] >= number[:-1]):
            return number, None
        rows = np.argsort(number, kind="stable")
        return number[rows], rows

    def _column(self, column: NDArray[Any]) -> NDArray[Any]:
        if self._places is not None:
            return column[self._places]
        return column if self._chosen is None else column[self._chosen]

    def _computed(self, of: Callable[[slice | Whole], Floats]) -> Floats:
        """Return what *of* gives for every row, computed in small parts."""
        made = np.empty(self._length, dtype=np.float64)
        filled = 0
        for rows in self._parts(_CHUNK):
            values = of(rows)
            made[filled : filled + len(values)] = values
            filled += len(values)
        return made


def table_of(ops: Sequence[Op]) -> OpTable:
    """Return *ops* as a table: itself if it is one."""
    if isinstance(ops, OpTable):
        return ops
    columns = ListedColumns(ops)
    return OpTable(columns, columns.labels)
