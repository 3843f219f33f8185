"""Metrics: named figures of a run, by k6's names where k6 has them.

Times are taken from when the operation was due, so that a stalled system cannot hide behind a load
generator that waited for it. An operation that ended ``info`` counts as failed, and its time is a
lower bound: the answer had not come by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from hormesis.record.extent import clipped, extent_of
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.window import Stretch, inside, merged


class Sort(Enum):
    """What a metric is made of."""

    TIME = "time"
    SHARE = "share"
    OPS = "operations"
    LOADS = "loads"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it is made of, how it may be aggregated, and what it means."""

    sort: Sort
    aggregations: tuple[str, ...]
    meaning: str


_TREND = ("avg", "min", "max", "med", "p", "count")
_COUNTER = ("count", "rate", "value")

METRICS: Mapping[str, Metric] = {
    "http_req_duration": Metric(Sort.TIME, _TREND, "ended − due: what a user would feel"),
    "http_req_service": Metric(Sort.TIME, _TREND, "ended − sent: what the system took"),
    "lag": Metric(Sort.TIME, _TREND, "sent − due: how late the load generator was"),
    "http_req_failed": Metric(Sort.SHARE, ("rate", "count", "value"), "ended fail or info"),
    "http_reqs": Metric(Sort.OPS, _COUNTER, "operations"),
    "iterations": Metric(Sort.LOADS, _COUNTER, "iterations of all users"),
    "dropped_iterations": Metric(Sort.LOADS, _COUNTER, "arrivals that found no free user"),
}

TAGS: Mapping[str, Callable[[Op, str], bool]] = {
    "name": lambda op, wanted: op.name == wanted,
    "load": lambda op, wanted: op.load == wanted,
    "outcome": lambda op, wanted: op.outcome.value == wanted,
    "error": lambda op, wanted: op.error == wanted,
    "expected_response": lambda op, wanted: (
        wanted == ("true" if op.outcome is Ended.OK else "false")
    ),
    "recorded": lambda op, wanted: wanted in op.value,
}
"""What a metric can be restricted by: whether an operation has the tag's wanted value."""

TIMES: Mapping[str, Callable[[Op], float]] = {
    "http_req_duration": lambda op: op.response_s,
    "http_req_service": lambda op: op.service_s,
    "lag": lambda op: op.lag_s,
}


def ops_of(history: History, tags: Mapping[str, str], stretches: Sequence[Stretch]) -> list[Op]:
    """Return the operations with all *tags* that were due in *stretches* while tracks ran.

    Preparing and finishing are no load, and would dilute what a window such as ``after`` holds.
    """
    stretches = clipped(stretches, history.tracks_window or (float("-inf"), float("inf")))
    wanted = [(TAGS[name], value) for name, value in tags.items()]
    return [
        op
        for op in history.ops
        if inside(op.due, stretches) and all(has(op, value) for has, value in wanted)
    ]


def loaded_s(history: History, load: str | None, stretches: Sequence[Stretch]) -> float:
    """Return for how many seconds of *stretches* a load (one or any) was running.

    Without a record of loads, the whole extent counts.
    """
    extent = extent_of(history)
    running = merged(
        [
            (one.started, extent[1] if one.ended is None else one.ended)
            for one in history.loads
            if load in (None, one.load)
        ]
    ) or [extent]
    return sum(end - start for each in running for start, end in clipped(stretches, each))
