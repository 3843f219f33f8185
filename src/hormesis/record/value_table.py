"""Value table: what operations were about, by their numbers; decoded only when looked at.

A million values as dictionaries would need ten times the memory of their file.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import ItemsView, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.record.json_lines import UNREADABLE, lines_of
from hormesis.record.op_record import WHOLE_MAX
from hormesis.record.read_problems import ReadProblems
from hormesis.words.kind import Scalar

Value = Mapping[str, Scalar]
_NONE: Value = {}


class ValueTable(Mapping[int, Value]):
    """Values by operation number; of two for the same number the later one counts."""

    def __init__(self, content: bytes, numbers: NDArray[Any], offsets: NDArray[Any]) -> None:
        self._content = content
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        last = np.append(numbers[1:] != numbers[:-1], True) if len(numbers) else order
        self._numbers: NDArray[Any] = numbers[last]
        self._offsets: NDArray[Any] = offsets[order][last]

    def at(self, numbers: NDArray[Any]) -> list[Value]:
        """Return the values of *numbers*; an empty one for those that have none."""
        if not len(self._numbers):
            return [_NONE] * len(numbers)
        places = np.searchsorted(self._numbers, numbers)
        places[places == len(self._numbers)] = 0
        has = self._numbers[places] == numbers
        found = zip(has.tolist(), self._offsets[places].tolist(), strict=True)
        return [self._decoded(offset) if has else _NONE for has, offset in found]

    def with_field(self, field: str) -> NDArray[Any]:
        """Return the numbers whose value has *field*, in rising order."""
        has = [field in self._decoded(offset) for offset in self._offsets.tolist()]
        numbers: NDArray[Any] = self._numbers[np.array(has, dtype=np.bool_)]
        return numbers

    def __getitem__(self, number: int) -> Value:
        place = int(np.searchsorted(self._numbers, number))
        if place == len(self._numbers) or self._numbers[place] != number:
            raise KeyError(number)
        return self._decoded(int(self._offsets[place]))

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers.tolist())

    def items(self) -> ItemsView[int, Value]:
        """Return numbers and values."""
        return _Items(self)

    def _decoded(self, offset: int) -> Value:
        end = self._content.index(b"\n", offset)
        value: Value = json.loads(self._content[offset:end])[1]
        return value


class _Items(ItemsView[int, Value]):
    """Pairs in the order of the numbers, without looking up each."""

    _mapping: ValueTable

    def __iter__(self) -> Iterator[tuple[int, Value]]:
        table = self._mapping
        for number, offset in zip(table._numbers.tolist(), table._offsets.tolist(), strict=True):
            yield number, table._decoded(offset)


class ValueGatherer:
    """Takes the lines of a file one by one, and makes the table of them all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers, self._offsets = array("q"), array("q")

    def __len__(self) -> int:
        return len(self._numbers)

    def take(self, line: Any, offset: int) -> None:
        """Take one decoded line, which stands at *offset* in the file.

        Raises:
            ValueError or TypeError: it is no value.
        """
        number, value = line
        if type(number) is not int or not 0 < number <= WHOLE_MAX or type(value) is not dict:
            raise TypeError(line)
        self._numbers.append(number)
        self._offsets.append(offset)

    def table(self) -> ValueTable:
        """Return everything taken."""
        content = self._path.read_bytes() if self._numbers else b""
        # The last line may have lost its end with the run.
        return ValueTable(
            content + b"\n",
            np.array(self._numbers, dtype=np.int64),
            np.array(self._offsets, dtype=np.int64),
        )


def read_values(path: Path, problems: ReadProblems) -> tuple[ValueTable, int]:
    """Return the values in the file *path*, and how many lines of it were read."""
    gatherer = ValueGatherer(path)
    for line, place, offset in lines_of(path, problems):
        try:
            gatherer.take(line, offset)
        except UNREADABLE:
            problems.add(path, f"{place}: unreadable as a value")
    return gatherer.table(), len(gatherer)
