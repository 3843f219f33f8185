"""Series: a run's operations per interval, for charts.

An operation counts in the interval in which it was due, so that a stall shows where it was felt
and not where it ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hormesis.record.op_columns import Floats, Whole
from hormesis.record.op_record import OUTCOMES
from hormesis.record.op_table import table_of
from hormesis.record.percentile import percentiles_of
from hormesis.words.history import History
from hormesis.words.op import Op

_SUMMED_EXACTLY = 100_000
_NOTHING: Floats = np.empty(0)


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


def spread_of(values: Iterable[float] | Floats) -> Spread:
    """Return the distribution of *values*; percentiles are exact, by nearest rank."""
    if not isinstance(values, np.ndarray):
        values = np.fromiter(values, dtype=np.float64)
    count = len(values)
    if not count:
        return Spread()
    p50, p95, p99, highest = percentiles_of(values, (50, 95, 99, 100))
    # A sum of many is near enough; a sum of few must not depend on their order.
    total = math.fsum(values.tolist()) if count <= _SUMMED_EXACTLY else float(values.sum())
    return Spread(count, total / count, p50, p95, p99, highest)


def response_spread(several: Iterable[Sequence[Op]]) -> Spread:
    """Return the distribution of the responses of the operations of several runs together."""
    each = [table_of(ops).response_s for ops in several]
    return spread_of(each[0] if len(each) == 1 else np.concatenate([_NOTHING, *each]))


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
    table = table_of(history.ops)
    wanted = table.mask_of(
        lambda one: (load is None or one.load == load) and (name is None or one.name == name)
    )
    table = table.where(wanted)
    indexes = np.floor(table.due_s / width_s)
    if not np.isfinite(indexes).all():
        raise ValueError("expected operations that were due at finite times")
    if not len(indexes):
        return []
    first = int(indexes.min())
    indexes -= first
    places = indexes.astype(np.int64)
    del indexes
    ended = np.array([OUTCOMES.index(one.outcome) for one in table.labels], dtype=np.int64)
    number, width = int(places.max()) + 1, len(OUTCOMES)
    counts = np.bincount(places * width + ended[table.label], minlength=number * width)
    response_s = table.response_s
    if np.any(places[1:] < places[:-1]):
        response_s = response_s[np.argsort(places, kind="stable")]
    del places
    return list(_buckets(first, width_s, counts.reshape(number, width), response_s))


def _buckets(first: int, width_s: float, counts: Whole, response_s: Floats) -> Iterator[Bucket]:
    """Yield the buckets; *response_s* holds those of the first one, then of the second, …"""
    start = 0
    for index, (ok, fail, info) in enumerate(counts.tolist()):
        count = ok + fail + info
        yield Bucket(
            start=(first + index) * width_s,
            ok=ok,
            fail=fail,
            info=info,
            rate=count / width_s,
            errors=(fail + info) / width_s,
            response=spread_of(response_s[start : start + count]),
        )
        start += count
