"""Metric file: how slices of metrics stand in ``metrics.jsonl``.

A line ``{"index": [metric, sort, load, tags]}`` defines a series; a slice is one array ::

    [index, shard, start, count, total, lowest, highest, last, [bucket, count, bucket, count, …]]

without the trailing list when there are no buckets. Slices that several processes gathered of the
same series at the same time are read as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hormesis.words.metric import MetricSlice, MetricSort

LEVELS = frozenset({"vus", "vus_max"})
"""Gauges of which every process knows its own share: the whole is the sum."""

Series = tuple[str, MetricSort, str, Mapping[str, str]]


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
        self._series: dict[int, Series] = {}
        self._found: dict[int, dict[int, list[MetricSlice]]] = {}
        self.count = 0
        """How many lines were read."""

    def read(self, line: Any) -> None:
        """Take one decoded line.

        Raises:
            ValueError, TypeError, KeyError or IndexError: it is neither a series nor a slice.
        """
        if isinstance(line, dict):
            for index, (metric, sort, load, tags) in line.items():
                self._series[int(index)] = (str(metric), MetricSort(sort), str(load), dict(tags))
            self.count += 1
            return
        index, shard, start, count, total, lowest, highest, last, *rest = line
        metric, sort, load, tags = self._series[index]
        flat = [int(part) for part in rest[0]] if rest else []
        one = MetricSlice(
            metric=metric,
            sort=sort,
            load=load,
            start=float(start),
            count=int(count),
            total=float(total),
            lowest=float(lowest),
            highest=float(highest),
            last=float(last),
            tags=tags,
            buckets=dict(zip(flat[::2], flat[1::2], strict=True)),
        )
        self._found.setdefault(index, {}).setdefault(int(shard), []).append(one)
        self.count += 1

    def slices(self) -> tuple[MetricSlice, ...]:
        """Return every slice, by start."""
        joined = [one for shards in self._found.values() for one in _joined(shards)]
        return tuple(sorted(joined, key=lambda one: one.start))


def _joined(shards: Mapping[int, list[MetricSlice]]) -> Iterable[MetricSlice]:
    """Return one series of the slices that several processes gathered of it."""
    if len(shards) == 1:
        return next(iter(shards.values()))
    each = [slices for _, slices in sorted(shards.items())]
    one = each[0][0]
    if one.sort is MetricSort.GAUGE and one.metric in LEVELS:
        return _summed_levels(each)
    found: dict[float, MetricSlice] = {}
    for slices in each:
        for one in slices:
            same = found.get(one.start)
            found[one.start] = one if same is None else joined_slice(same, one)
    return found.values()


def joined_slice(left: MetricSlice, right: MetricSlice) -> MetricSlice:
    """Return one slice of everything in two of the same series and time; *right* has the last."""
    buckets = dict(left.buckets)
    for bucket, count in right.buckets.items():
        buckets[bucket] = buckets.get(bucket, 0) + count
    return MetricSlice(
        metric=left.metric,
        sort=left.sort,
        load=left.load,
        start=left.start,
        count=left.count + right.count,
        total=left.total + right.total,
        lowest=min(left.lowest, right.lowest),
        highest=max(left.highest, right.highest),
        last=right.last,
        tags=left.tags,
        buckets=buckets,
    )


def _summed_levels(each: list[list[MetricSlice]]) -> Iterator[MetricSlice]:
    """Yield the sum of levels at every start; a process's level holds until its next slice."""
    starts = sorted({one.start for slices in each for one in slices})
    by_start = [{one.start: one for one in slices} for slices in each]
    held: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(each)
    for start in starts:
        count, shown = 0, each[0][0]
        for place, slices in enumerate(by_start):
            one = slices.get(start)
            last = held[place][2]
            # Without a slice of its own the level stayed where it was.
            held[place] = (last, last, last) if one is None else (one.lowest, one.highest, one.last)
            if one is not None:
                count, shown = max(count, one.count), one
        lowest, highest, last = (sum(level[part] for level in held) for part in range(3))
        yield MetricSlice(
            metric=shown.metric,
            sort=shown.sort,
            load=shown.load,
            start=start,
            count=count,
            total=last * count,
            lowest=lowest,
            highest=highest,
            last=last,
            tags=shown.tags,
        )
