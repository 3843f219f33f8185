"""Claim values: what a run recorded of the metric that a claim is about, in a window.

Without samples there is no figure, only the reason why: a metric that nobody recorded, a tag that
nothing has, a window in which nothing was due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hormesis.record.claim import Claim
from hormesis.record.extent import clipped
from hormesis.record.figure import Points, Slices, Values, Whole
from hormesis.record.metric_table import metric_names, slices_named
from hormesis.record.metrics import (
    AGGREGATIONS,
    METRICS,
    Source,
    drops_of,
    load_of,
    ops_of,
    tags_mask,
)
from hormesis.record.op_columns import Floats
from hormesis.record.op_table import OpTable, table_of
from hormesis.record.results import AROUND
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import SLICE_S, MetricSlice, MetricSort
from hormesis.words.op import Ended
from hormesis.words.window import Window

_OF_LOADS = {"iterations": "iterations", "waited_iterations": "waited"}
"""Metrics that the loads' own records hold for the whole run, and where."""
_OUTCOMES = frozenset({"outcome", "error", "expected_response", "recorded", "status"})
"""Tags that tell how an operation ended: none of them is a count, too."""
_NOWHERE: Floats = np.empty(0)


@dataclass(frozen=True)
class Found:
    """What there is: ``values``, or ``why`` there are none. ``ops`` are those behind them.

    ``drops`` is when arrivals were due that nobody began, ``unplaced`` how many more there were of
    which that is not known; ``open`` says why a count is not complete.
    """

    values: Values | None = None
    why: str = ""
    ops: OpTable | None = None
    drops: Floats = field(default_factory=lambda: _NOWHERE)
    unplaced: int = 0
    open: str = ""

    @property
    def noun(self) -> str:
        """Return what was counted."""
        return "values" if self.ops is None else "operations"


def values_of(history: History, claim: Claim, window: Window, *, whole: bool) -> Found:
    """Return what *history* recorded of *claim*'s metric in *window*.

    *whole* says that nothing narrows the window further, so that figures that are known for the
    whole run only will do.
    """
    known = claim.known
    if known is not None and known.source is Source.OPS:
        return _of_ops(history, claim, window, whole=whole)
    loads = _loads(history, claim.tags)
    if known is not None and known.source is Source.DROPS:
        return _of_drops(history, claim, window, loads, whole=whole)
    by_load = claim.metric in _OF_LOADS and not claim.tags.keys() - {"load", "scenario"}
    if by_load and whole and loads:
        total = sum(getattr(one, _OF_LOADS[claim.metric]) for one in loads)
        return Found(Whole(float(total)), open=_unended(loads))
    return _of_slices(history, claim, window, loads)


def _of_ops(history: History, claim: Claim, window: Window, *, whole: bool) -> Found:
    ops = ops_of(history, claim.tags, window)
    if not len(ops) and not _none_is_a_count(history, claim, window):
        return Found(why=_why_no_ops(history, claim, window))
    drops = _drops(history, claim.tags, window)
    told = sum(one.dropped for one in _loads(history, claim.tags))
    unplaced = max(0, told - len(_drops(history, claim.tags, Window())))
    due_s = ops.due_s
    if claim.metric == "http_reqs":
        values = Points(MetricSort.COUNTER, due_s)
    elif claim.metric == "http_req_failed":
        failed = ops.mask_of(lambda one: one.outcome is not Ended.OK)
        values = Points(MetricSort.RATE, due_s, failed)
    else:
        values = Points(MetricSort.TREND, due_s, TIMES[claim.metric](ops))
    return Found(values, ops=ops, drops=drops, unplaced=unplaced)


TIMES: Mapping[str, Callable[[OpTable], Floats]] = {
    "http_req_duration": lambda ops: ops.response_s,
    "http_req_service": lambda ops: ops.service_s,
    "lag": lambda ops: ops.lag_s,
}
"""The metrics that operations have times of, in seconds."""


def _none_is_a_count(history: History, claim: Claim, window: Window) -> bool:
    """Return whether none is a count: there were operations, and none ended in the wanted way."""
    those = {tag: value for tag, value in claim.tags.items() if tag not in _OUTCOMES}
    return claim.metric == "http_reqs" and len(ops_of(history, those, window)) > 0


def _why_no_ops(history: History, claim: Claim, window: Window) -> str:
    table = table_of(history.ops)
    told = window.told()
    for tag, wanted in claim.tags.items():
        if tag in _OUTCOMES or not len(table):
            continue
        if tags_mask(table, {tag: wanted}).any():
            continue
        values = {_tag_of(one.load, one.name, one.tags, tag) for one in table.labels}
        values.discard("")
        if not values:
            names = sorted({name for one in table.labels for name in one.tags})
            return f"no samples: no operation has the tag {tag}; {_listed('tags', names)}"
        near = did_you_mean(wanted, sorted(values), noun=f"{tag}s")
        return f"no samples: no operation has {tag}:{wanted}; {near}"
    if not told:
        return "no samples"
    tracks = history.tracks_window or (float("-inf"), float("inf"))
    due = table.mask_inside(clipped(window.stretches(history), tracks))
    due &= tags_mask(table, claim.tags)
    if not due.any():
        return f"no samples{told}"
    return f"no samples{told}: the fault overtook all {np.count_nonzero(due):,} that were due"


def _tag_of(load: str, name: str, tags: Mapping[str, str], tag: str) -> str:
    own = {"load": load, "scenario": load, "name": name}
    return own.get(tag) or tags.get(tag, "")


def _of_drops(
    history: History,
    claim: Claim,
    window: Window,
    loads: list[LoadRecord],
    *,
    whole: bool,
) -> Found:
    if not loads:
        return Found(why="no load was recorded")
    drops = _drops(history, claim.tags, window)
    every = _drops(history, claim.tags, Window())
    told = sum(one.dropped for one in loads)
    if whole and not window.told():
        return Found(Whole(float(max(told, len(drops)))), open=_unended(loads))
    lost = told - len(every)
    unplaced = f"of {lost:,} more dropped arrivals it is not known when they were due"
    values = Points(MetricSort.COUNTER, drops)
    return Found(values, open=unplaced if lost > 0 else _unended(loads))


def _of_slices(
    history: History, claim: Claim, window: Window, loads: list[LoadRecord]
) -> Found:
    named = [
        one for one in slices_named(history.metrics, claim.metric) if one.load not in AROUND
    ]
    rows = [one for one in named if _slice_has(one, claim.tags)]
    if not rows:
        return _no_slices(claim, metric_names(history.metrics), named, loads)
    sort = rows[0].sort
    if claim.aggregation not in AGGREGATIONS[sort]:
        has = ", ".join(f"{one}(N)" if one == "p" else one for one in AGGREGATIONS[sort])
        return Found(why=f"{claim.metric} is a {sort.value}, which has {has}")
    spans = _slice_spans(history, window)
    inside = [one for one in rows if any(low <= one.start < high for low, high in spans)]
    if not inside and sort is not MetricSort.COUNTER:
        return Found(why=f"no samples{window.told()}")
    if not inside:
        return Found(Points(MetricSort.COUNTER, _NOWHERE))
    return Found(Slices.of(inside))


def _slice_has(one: MetricSlice, tags: Mapping[str, str]) -> bool:
    return all(
        one.load == wanted or one.tags.get(tag) == wanted
        if tag in ("load", "scenario")
        else one.tags.get(tag, "") == wanted
        for tag, wanted in tags.items()
    )


def _slice_spans(history: History, window: Window) -> list[tuple[float, float]]:
    """Return within which times a slice must begin; one that a fault overtook is left out."""
    tracks = history.tracks_window or (float("-inf"), float("inf"))
    early = SLICE_S if window.before or window.outside else 0.0
    if not window.told():
        return [tracks]
    return clipped([(low, high - early) for low, high in window.stretches(history)], tracks)


def _no_slices(
    claim: Claim, every: Sequence[str], named: list[MetricSlice], loads: list[LoadRecord]
) -> Found:
    if named:
        wanted = ", ".join(f"{tag}:{value}" for tag, value in claim.tags.items())
        seen = {value for one in named for tag, value in one.tags.items() if tag in claim.tags}
        near = did_you_mean(next(iter(claim.tags.values())), sorted(seen), noun="there are")
        return Found(why=f"no samples: {claim.metric} never had {wanted}; {near}")
    if claim.metric == "waited_iterations" and loads and not any(one.waited for one in loads):
        return Found(Points(MetricSort.COUNTER, _NOWHERE), open=_unended(loads))
    if claim.metric in _OF_LOADS and loads:
        return Found(why=f"{claim.metric} was recorded for the whole run only")
    names = sorted(every)
    if claim.metric in METRICS:
        return Found(why=f"no samples: {claim.metric} was not recorded")
    return Found(why=f"no samples: {claim.metric} was not recorded; {_listed('metrics', names)}")


def _listed(noun: str, names: list[str]) -> str:
    return f"recorded {noun}: {', '.join(names) or 'none'}"


def _loads(history: History, tags: Mapping[str, str]) -> list[LoadRecord]:
    wanted = load_of(tags)
    return [one for one in history.loads if wanted in (None, one.load)]


def _drops(history: History, tags: Mapping[str, str], window: Window) -> Floats:
    """Return when the arrivals that nobody began were due, of those in *window*."""
    due = drops_of(history, load_of(tags))
    if not window.told() or not len(due):
        return due
    inside = np.zeros(len(due), dtype=np.bool_)
    for start, end in window.stretches(history):
        inside |= (due >= start) & (due < end)
    return due[inside]


def _unended(loads: list[LoadRecord]) -> str:
    names = [one.load for one in loads if one.ended is None]
    return f"load {', '.join(names)} has no recorded end" if names else ""

