"""Shard output: where one process that generates load puts what it recorded.

A label is numbered by the order in which its process first used it; the number stands in the file,
so that a lost line never gives an operation another name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hormesis.record.append_file import AppendFile
from hormesis.record.json_lines import encoded
from hormesis.record.metric_file import MetricLines
from hormesis.record.op_record import DROPPED, LabelRow, checked_chunk
from hormesis.words.history import LoadRecord
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSlice


class CountedFile(AppendFile):
    """An append file that knows how many records were ever added to it."""

    count = 0

    def put(self, data: Any) -> None:
        """Add one line of JSON."""
        self.add(encoded(data))
        self.count += 1


class ShardOutput:
    """Writes what the process *shard* recorded; nothing reaches the disk before a flush."""

    def __init__(
        self,
        shard: int,
        *,
        ops: CountedFile,
        labels: CountedFile,
        values: CountedFile,
        metrics: MetricLines,
        load: Callable[[LoadRecord], None],
    ) -> None:
        self._shard = shard
        self._ops = ops
        self._labels = labels
        self._values = values
        self._metrics = metrics
        self._next_label = 0
        self.load = load
        """Record a load as it stands now."""

    def ops(self, chunk: bytes) -> None:
        """Add records of operations.

        Raises:
            ValueError: *chunk* does not hold whole records; nothing of it is added.
        """
        count = checked_chunk(chunk)
        if count:
            self._ops.add(bytes(chunk))
            self._ops.count += count

    def labels(self, rows: Iterable[LabelRow]) -> None:
        """Add labels in the order of their numbers, before any operation that uses them.

        Raises:
            ValueError: an outcome that is none.
        """
        for load, name, outcome, error, tags in rows:
            if not 0 <= outcome <= DROPPED:
                raise ValueError(f"expected an outcome from 0 to {DROPPED}, found {outcome}")
            self.label(self._next_label, (load, name, outcome, error, tags))
            self._next_label += 1

    def label(self, index: int, row: LabelRow) -> None:
        """Add the label of a number."""
        load, name, outcome, error, tags = row
        line = [self._shard, index, load, name, outcome, error]
        self._labels.put([*line, dict(tags)] if tags else line)

    def values(self, rows: Sequence[tuple[int, Mapping[str, Scalar]]]) -> None:
        """Add what operations, told by their numbers, were about."""
        for number, value in rows:
            self._values.put([number, dict(value)])

    def metrics(self, slices: Iterable[MetricSlice]) -> None:
        """Add slices of metrics."""
        for one in slices:
            self._metrics.write(self._shard, one)
