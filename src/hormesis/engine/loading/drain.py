"""Drain: brings what was recorded out of the process, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hormesis.engine.loading.scene import Meter
from hormesis.words.history import LoadRecord
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSlice

Value = tuple[int, Mapping[str, Scalar]]
"""What an operation was about, by its number."""


class LoadOutput(Protocol):
    """Where what a process records goes: into the run's files, or to the process that has them."""

    def ops(self, chunk: bytes) -> None:
        """Take operations, 28 bytes each, in the order in which they ended."""
        ...

    def labels(self, rows: list[Any]) -> None:
        """Take the rows of labels that the next operations may have."""
        ...

    def values(self, values: list[Value]) -> None:
        """Take what operations were about."""
        ...

    def metrics(self, slices: list[MetricSlice]) -> None:
        """Take what metrics gathered in a slice that is over."""
        ...

    def load(self, record: LoadRecord) -> None:
        """Take a load's record as it stands; the latest of a load counts."""
        ...


class Drain:
    """Empties one meter, and the values that go with its operations."""

    def __init__(self, meter: Meter, output: LoadOutput) -> None:
        self.values: list[Value] = []
        """Filled by the scenes of the loads."""
        self.output = output
        self._meter = meter

    def flush(self, slices: Sequence[MetricSlice] = ()) -> None:
        """Hand over everything since the last time, labels before the operations that have them.

        Raises:
            OSError: the output could not take it.
        """
        chunk = self._meter.take_ops()
        rows = self._meter.take_labels()
        if rows:
            self.output.labels(rows)
        if chunk:
            self.output.ops(chunk)
        if self.values:
            values = self.values[:]
            self.values.clear()
            self.output.values(values)
        if slices:
            self.output.metrics(list(slices))
