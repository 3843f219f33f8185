"""Locust's figures by second: what the last ten seconds were like, and everything until then."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from hormesis.record.histogram import Histogram
from hormesis.record.load_series import users_at
from hormesis.record.load_table import load_ops
from hormesis.record.metric_table import slices_named
from hormesis.record.op_columns import Floats
from hormesis.record.results import AROUND
from hormesis.reports.parts.locust_stats import (
    AGGREGATED,
    Cell,
    per_s,
    percentile_cells,
    total_cells,
)
from hormesis.reports.parts.manifest_facts import started_wall
from hormesis.words.history import History
from hormesis.words.op import Ended

CURRENT_S = 10
"""Over how many seconds a current figure is taken."""


def history_rows(histories: Sequence[History]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of ``_stats_history.csv``, one per second of each run that had operations."""
    for history in histories:
        yield from _rows_of(history)


def _rows_of(history: History) -> Iterator[Sequence[Cell]]:
    ops = load_ops(history)
    ended = ops.ended_s
    known = np.isfinite(ended) & np.isfinite(ops.response_s)
    if not known.any():
        return
    ended = ended[known]
    failed = ops.mask_of(lambda label: label.outcome is not Ended.OK)[known]
    first = math.floor(ended.min())
    seconds = math.floor(ended.max()) - first + 1
    at = np.floor(ended).astype(np.int64) - first
    failures = np.bincount(at[failed], minlength=seconds).tolist()
    received = _received(history, first, seconds)
    users = users_at(history, [first + second + 1.0 for second in range(seconds)])
    whole, current = Histogram(), deque[tuple[Histogram, int]](maxlen=CURRENT_S)
    failed_so_far = 0
    for second, times in enumerate(_by_second(ops.response_s[known], at, seconds)):
        found = Histogram()
        found.add_many(times)
        whole.merge(found)
        current.append((found, failures[second]))
        failed_so_far += failures[second]
        lately = Histogram()
        for one, _ in current:
            lately.merge(one)
        yield (
            int(started_wall(history) + first + second + 1),
            users[second],
            "",
            AGGREGATED,
            per_s(lately.count, len(current)),
            per_s(sum(number for _, number in current), len(current)),
            *percentile_cells(lately),
            whole.count,
            failed_so_far,
            *total_cells(whole, received[second]),
        )


def _by_second(times: Floats, at: Sequence[int], seconds: int) -> Iterator[Floats]:
    order = np.argsort(at, kind="stable")
    edges = np.searchsorted(np.asarray(at)[order], np.arange(seconds + 1)).tolist()
    ordered = times[order]
    return (ordered[start:end] for start, end in pairwise(edges))


def _received(history: History, first: int, seconds: int) -> list[float]:
    """Return how many bytes had been received by the end of each second."""
    counts = [0.0] * seconds
    for one in slices_named(history.metrics, "data_received"):
        if one.load not in AROUND:
            counts[min(max(math.floor(one.start) - first, 0), seconds - 1)] += one.total
    return list(accumulate(counts))
