"""Metric file: how slices of metrics stand in ``metrics.jsonl``.

A line ``{"index": [metric, sort, load, tags]}`` defines a series; a slice is one array ::

    [index, shard, start, count, total, lowest, highest, last, [bucket, count, bucket, count, …]]

without the trailing list when there are no buckets. Slices that several processes gathered of the
same series at the same time are read as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hormesis.record.metric_table import MetricTable, Series, SliceGatherer
from hormesis.record.op_record import WHOLE_MAX
from hormesis.words.metric import MetricSlice, MetricSort


class MetricLines:
    """Makes the lines of a file; every series is defined before its first slice."""

    def __init__(self, add: Callable[[Any], None]) -> None:
        self._add = add
        self._index: dict[Any, int] = {}

    def write(self, shard: int, one: MetricSlice) -> None:
        """Add one slice of the process *shard*."""
        key = (one.metric, one.load, *sorted(one.tags.items()))
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self._index)
            series = [one.metric, one.sort.value, one.load, dict(one.tags)]
            self._add({str(index): series})
        line: list[Any] = [
            index, shard, round(one.start, 6), one.count,
            one.total, one.lowest, one.highest, one.last,
        ]  # fmt: skip
        if one.buckets:
            line.append([part for pair in one.buckets.items() for part in pair])
        self._add(line)


class MetricReader:
    """Rebuilds slices from lines, and joins what several processes gathered at the same time."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._series: list[Series] = []
        self._gatherer = SliceGatherer()
        self.count = 0
        """How many lines were read."""

    def read(self, line: Any) -> None:
        """Take one decoded line.

        Raises:
            ValueError, TypeError, KeyError, IndexError, AttributeError or OverflowError: it is
                neither a series nor a slice; nothing of it is taken.
        """
        if isinstance(line, dict):
            for index, (metric, sort, load, tags) in line.items():
                made = (str(metric), MetricSort(sort), str(load), dict(tags))
                self._places[int(index)] = len(self._series)
                self._series.append(made)
        else:
            index, shard, start, count, *figures = line
            total, lowest, highest, last = map(float, figures[:4])
            one = {
                "start": float(start), "count": count,
                "total": total, "lowest": lowest, "highest": highest, "last": last,
            }  # fmt: skip
            if not math.isfinite(one["start"]) or not 0 <= shard <= WHOLE_MAX:
                raise ValueError(line)
            self._gatherer.add(self._places[index], shard, one, *(figures[4:] or [()]))
        self.count += 1

    def slices(self) -> MetricTable:
        """Return every slice, by start."""
        return self._gatherer.table(self._series)
