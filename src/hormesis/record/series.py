"""Series: a run's operations per interval, for charts.

An operation counts in the interval in which it was due, so that a stall shows where it was felt
and not where it ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hormesis.record.percentile import percentile_of
from hormesis.words.history import History
from hormesis.words.op import Ended, Op


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of some durations, in seconds; None where there were none."""

    count: int = 0
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One interval: ``start`` in seconds of the run, ``rate`` and ``errors`` per second.

    ``errors`` are operations that ended ``fail`` or ``info``.
    """

    start: float
    ok: int
    fail: int
    info: int
    rate: float
    errors: float
    response: Spread


def spread_of(values: Iterable[float]) -> Spread:
    """Return the distribution of *values*; percentiles are exact, by nearest rank."""
    ordered = sorted(values)
    if not ordered:
        return Spread()
    return Spread(
        count=len(ordered),
        mean=math.fsum(ordered) / len(ordered),
        p50=percentile_of(ordered, 50),
        p95=percentile_of(ordered, 95),
        p99=percentile_of(ordered, 99),
        highest=ordered[-1],
    )


def series_of(
    history: History, width_s: float, *, load: str | None = None, name: str | None = None
) -> list[Bucket]:
    """Return one bucket per *width_s* seconds, from the first operation's to the last one's.

    Intervals without operations are there too, with zero counts. *load* and *name* restrict to
    one load and to operations of one name.

    Raises:
        ValueError: *width_s* is not above zero.
    """
    if not width_s > 0:
        raise ValueError(f"expected a width above zero, found {width_s:g}")
    buckets: dict[int, list[Op]] = {}
    for op in history.ops:
        if (load is None or op.load == load) and (name is None or op.name == name):
            buckets.setdefault(math.floor(op.due / width_s), []).append(op)
    if not buckets:
        return []
    return [
        _bucket_of(index * width_s, width_s, buckets.get(index, []))
        for index in range(min(buckets), max(buckets) + 1)
    ]


def _bucket_of(start: float, width_s: float, ops: list[Op]) -> Bucket:
    ok, fail, info = (
        sum(op.outcome is outcome for op in ops) for outcome in (Ended.OK, Ended.FAIL, Ended.INFO)
    )
    return Bucket(
        start=start,
        ok=ok,
        fail=fail,
        info=info,
        rate=len(ops) / width_s,
        errors=(fail + info) / width_s,
        response=spread_of(op.response_s for op in ops),
    )
