"""Metric table: slices of metrics in columns; a slice becomes a value only when it is looked at.

An hour's run with many series has millions of slices. Those that several processes gathered of the
same series at the same time are one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from hormesis.record.column_table import ColumnTable
from hormesis.record.op_columns import Floats, Mask, Whole
from hormesis.words.metric import MetricSlice, MetricSort

LEVELS = frozenset({"vus", "vus_max"})
"""Gauges of which every process and every load has its own part: the whole is the sum."""

Series = tuple[str, MetricSort, str, Mapping[str, str]]
"""Metric, sort, load and tags."""

_MADE_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class SliceColumns:
    """One array per field of a slice; ``series`` and ``shard`` say whose it is.

    The buckets of a slice are those from ``first`` on, ``width`` of them; a bucket may stand there
    several times.
    """

    series: Whole
    shard: Whole
    start: Floats
    count: Whole
    total: Floats
    lowest: Floats
    highest: Floats
    last: Floats
    first: Whole
    width: Whole

    def at(self, rows: Whole | Mask | slice) -> SliceColumns:
        """Return the columns of *rows*."""
        return SliceColumns(*(getattr(self, name)[rows] for name in SliceColumns.__slots__))


class MetricTable(ColumnTable[MetricSlice]):
    """Slices in the order of their starts; those of one start in the order of their series."""

    def __init__(
        self, series: Sequence[Series], columns: SliceColumns, buckets: Whole, counts: Whole
    ) -> None:
        self.series = tuple(series)
        self._columns = columns
        self._buckets = buckets
        self._counts = counts

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of the metrics that have slices, in the order of their definition."""
        used = np.unique(self._columns.series).tolist()
        return tuple(dict.fromkeys(self.series[index][0] for index in used))

    def named(self, metric: str) -> MetricTable:
        """Return the slices of one metric."""
        wanted = np.array([one[0] == metric for one in self.series], dtype=np.bool_)
        columns = self._columns.at(wanted[self._columns.series])
        return MetricTable(self.series, columns, self._buckets, self._counts)

    def __len__(self) -> int:
        return len(self._columns.start)

    def __iter__(self) -> Iterator[MetricSlice]:
        for start in range(0, len(self), _MADE_AT_ONCE):
            yield from self._made(slice(start, start + _MADE_AT_ONCE))

    @overload
    def __getitem__(self, index: int) -> MetricSlice: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[MetricSlice]: ...
    def __getitem__(self, index: int | slice) -> MetricSlice | Sequence[MetricSlice]:
        if isinstance(index, slice):
            columns = self._columns.at(index)
            return MetricTable(self.series, columns, self._buckets, self._counts)
        place = range(len(self))[index]
        return self._made(slice(place, place + 1))[0]


    def _made(self, rows: slice) -> list[MetricSlice]:
        columns = self._columns.at(rows)
        made = []
        for index, start, count, total, lowest, highest, last, first, width in zip(
            columns.series.tolist(), columns.start.tolist(), columns.count.tolist(),
            columns.total.tolist(), columns.lowest.tolist(), columns.highest.tolist(),
            columns.last.tolist(), columns.first.tolist(), columns.width.tolist(),
            strict=True,
        ):  # fmt: skip
            metric, sort, load, tags = self.series[index]
            buckets = self._summed(first, first + width) if width else {}
            made.append(
                MetricSlice(
                    metric, sort, load, start, count, total, lowest, highest, last, tags, buckets
                )
            )
        return made

    def _summed(self, first: int, end: int) -> dict[int, int]:
        found: dict[int, int] = {}
        pairs = zip(self._buckets[first:end].tolist(), self._counts[first:end].tolist(),
                    strict=True)  # fmt: skip
        for bucket, count in pairs:
            found[bucket] = found.get(bucket, 0) + count
        return found


class SliceGatherer:
    """Takes slices one by one, and makes the table of them all."""

    def __init__(self) -> None:
        self._whole = {name: array("q") for name in ("series", "shard", "count", "width")}
        self._floats = {
            name: array("d") for name in ("start", "total", "lowest", "highest", "last")
        }
        self._buckets, self._counts = array("i"), array("i")

    def add(self, series: int, shard: int, one: Mapping[str, float], pairs: Sequence[int]) -> None:
        """Take one slice: its figures by their names, and its buckets and counts in turn."""
        buckets, counts = array("i", pairs[::2]), array("i", pairs[1::2])
        count = array("q", [int(one["count"])])
        if len(buckets) != len(counts):
            raise ValueError("expected a count for each bucket")
        self._whole["series"].append(series)
        self._whole["shard"].append(shard)
        self._whole["count"].extend(count)
        self._whole["width"].append(len(buckets))
        for name, column in self._floats.items():
            column.append(one[name])
        self._buckets.extend(buckets)
        self._counts.extend(counts)

    def table(self, series: Sequence[Series]) -> MetricTable:
        """Return everything taken, what belongs together joined."""
        columns = {name: np.array(one) for name, one in {**self._whole, **self._floats}.items()}
        columns["first"] = np.cumsum(columns["width"]) - columns["width"]
        every = SliceColumns(**columns)
        # By series and start; of the same process, the later one comes later.
        order = np.lexsort((every.shard, every.start, every.series))
        every = every.at(order)
        steps = (np.diff(every.series) != 0) | (np.diff(every.start) != 0)
        edges = np.flatnonzero(np.concatenate([np.ones(min(len(order), 1), np.bool_), steps]))
        buckets = np.array(self._buckets, dtype=np.int32)
        counts = np.array(self._counts, dtype=np.int32)
        if len(edges) < len(order) or _levels(series):
            moved = _rows_between(every.first, every.width)
            buckets, counts = buckets[moved], counts[moved]
            first = np.cumsum(every.width) - every.width
            joined = _joined(every, edges, first)
            for index in _levels(series):
                _sum_levels(every.at(every.series == index), joined, joined.series == index)
            every = joined
        return MetricTable(
            series, every.at(np.argsort(every.start, kind="stable")), buckets, counts
        )


def _levels(series: Sequence[Series]) -> list[int]:
    return [
        index for index, (metric, sort, _, _) in enumerate(series)
        if metric in LEVELS and sort is MetricSort.GAUGE
    ]  # fmt: skip


def _rows_between(first: Whole, width: Whole) -> Whole:
    """Return every position from each ``first`` on, ``width`` of them, one after the other."""
    ends = np.cumsum(width)
    total = int(ends[-1]) if len(ends) else 0
    rows: Whole = np.arange(total) + np.repeat(first - (ends - width), width)
    return rows


def _joined(every: SliceColumns, edges: Whole, first: Whole) -> SliceColumns:
    """Return one row for all rows from an edge to the next one."""
    if not len(edges):
        return every
    last = np.append(edges[1:], len(every.start)) - 1
    return SliceColumns(
        series=every.series[edges],
        shard=every.shard[edges],
        start=every.start[edges],
        count=np.add.reduceat(every.count, edges),
        total=np.add.reduceat(every.total, edges),
        lowest=np.minimum.reduceat(every.lowest, edges),
        highest=np.maximum.reduceat(every.highest, edges),
        last=every.last[last],
        first=first[edges],
        width=np.add.reduceat(every.width, edges),
    )


def _sum_levels(mine: SliceColumns, joined: SliceColumns, rows: Mask) -> None:
    """Put the sum of all processes' levels into *rows* of *joined*.

    A process's level stays where it is until its next slice.
    """
    shards = np.unique(mine.shard)
    if len(shards) < 2:
        return
    starts = joined.start[rows]
    sums: NDArray[np.float64] = np.zeros((3, len(starts)))
    for shard in shards.tolist():
        own = mine.at(mine.shard == shard)
        place = np.searchsorted(own.start, starts, side="right") - 1
        known = place >= 0
        held = np.where(known, own.last[place], 0.0)
        anew = known & (own.start[place] == starts)
        sums += [
            np.where(anew, own.lowest[place], held),
            np.where(anew, own.highest[place], held),
            held,
        ]
    joined.lowest[rows], joined.highest[rows], joined.last[rows] = sums
    joined.count[rows], joined.total[rows] = 1, sums[2]


def slices_named(slices: Sequence[MetricSlice], metric: str) -> Sequence[MetricSlice]:
    """Return those of *slices* that are of one metric, without making the others."""
    if isinstance(slices, MetricTable):
        return slices.named(metric)
    return [one for one in slices if one.metric == metric]


def metric_names(slices: Sequence[MetricSlice]) -> Sequence[str]:
    """Return the names of the metrics of *slices*."""
    if isinstance(slices, MetricTable):
        return slices.metrics
    return list(dict.fromkeys(one.metric for one in slices))
