"""Metrics: named figures of a run, by k6's names where k6 has them.

Times are taken from when the operation was due, so that a stalled system cannot hide behind a load
generator that waited for it. An operation that ended ``info`` counts as failed, and its time is a
lower bound: the answer had not come by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from hormesis.record.drop_table import drop_table_of
from hormesis.record.extent import clipped, extent_of
from hormesis.record.op_columns import Floats, Mask
from hormesis.record.op_table import OpTable, table_of
from hormesis.words.history import History
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended, Label
from hormesis.words.window import Stretch, Window, merged


class Source(Enum):
    """What a metric's values are taken from."""

    OPS = "operations"
    DROPS = "dropped arrivals"
    SLICES = "slices"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: how its values are put together, their unit (``s``, ``B`` or none), meaning."""

    sort: MetricSort
    source: Source
    unit: str
    meaning: str


AGGREGATIONS: Mapping[MetricSort, tuple[str, ...]] = {
    MetricSort.COUNTER: ("count", "rate", "value"),
    MetricSort.GAUGE: ("value", "min", "max"),
    MetricSort.RATE: ("rate", "count", "value"),
    MetricSort.TREND: ("avg", "min", "max", "med", "p", "count"),
}
"""What can be asked of a metric; k6's, and how many values a rate or a trend had."""

_COUNTER, _GAUGE, _RATE, _TREND = (
    MetricSort.COUNTER, MetricSort.GAUGE, MetricSort.RATE, MetricSort.TREND
)  # fmt: skip
_OPS, _SLICES = Source.OPS, Source.SLICES

METRICS: Mapping[str, Metric] = {
    "http_req_duration": Metric(_TREND, _OPS, "s", "ended − due: what a user would feel"),
    "http_req_service": Metric(_TREND, _OPS, "s", "ended − sent: what the system took"),
    "lag": Metric(_TREND, _OPS, "s", "sent − due: how late the load generator was"),
    "http_req_failed": Metric(_RATE, _OPS, "", "ended fail or info"),
    "http_reqs": Metric(_COUNTER, _OPS, "", "operations"),
    "http_req_blocked": Metric(_TREND, _SLICES, "s", "waiting for a connection"),
    "http_req_connecting": Metric(_TREND, _SLICES, "s", "opening a connection"),
    "http_req_tls_handshaking": Metric(_TREND, _SLICES, "s", "agreeing on TLS"),
    "http_req_waiting": Metric(_TREND, _SLICES, "s", "from the send to the first byte"),
    "iterations": Metric(_COUNTER, _SLICES, "", "iterations that users completed"),
    "iteration_duration": Metric(_TREND, _SLICES, "s", "how long an iteration took"),
    "dropped_iterations": Metric(_COUNTER, Source.DROPS, "", "arrivals that nobody began"),
    "waited_iterations": Metric(_COUNTER, _SLICES, "", "arrivals that found no free user"),
    "vus": Metric(_GAUGE, _SLICES, "", "users at work"),
    "vus_max": Metric(_GAUGE, _SLICES, "", "users there are"),
    "generator_lag": Metric(_GAUGE, _SLICES, "s", "how late the load generator's loop was"),
    "generator_cpu": Metric(_GAUGE, _SLICES, "", "CPU seconds per second of the load generator"),
    "data_sent": Metric(_COUNTER, _SLICES, "B", "bytes sent"),
    "data_received": Metric(_COUNTER, _SLICES, "B", "bytes received"),
    "checks": Metric(_RATE, _SLICES, "", "checks of the load that held"),
    "group_duration": Metric(_TREND, _SLICES, "s", "how long a group took"),
    "ws_connecting": Metric(_TREND, _SLICES, "s", "opening a WebSocket"),
    "ws_msgs_received": Metric(_COUNTER, _SLICES, "", "messages received by WebSockets"),
    "ws_msgs_sent": Metric(_COUNTER, _SLICES, "", "messages sent by WebSockets"),
    "ws_ping": Metric(_TREND, _SLICES, "s", "from a ping to its pong"),
    "ws_session_duration": Metric(_TREND, _SLICES, "s", "how long a WebSocket was open"),
    "ws_sessions": Metric(_COUNTER, _SLICES, "", "WebSockets opened"),
}

OF_LOADS = frozenset(
    {
        "iterations", "iteration_duration", "dropped_iterations", "waited_iterations",
        "vus", "vus_max", "generator_lag", "generator_cpu",
    }
)  # fmt: skip
"""Metrics of whole loads: no operation's tag divides them."""

UNMEASURED: Mapping[str, str] = {
    "http_req_sending": "a request goes out in one call, so sending it is part of http_req_waiting",
    "http_req_receiving": "an answer is read as it comes; http_req_service is send to last byte",
}
"""Metrics of k6 that are not measured, each with the reason."""

TAGS = (
    "name", "load", "scenario", "method", "status", "group", "check",
    "error", "outcome", "expected_response", "recorded",
)  # fmt: skip
"""The tags that everything recorded may have; a user's own come on top."""

UNRECORDED: Mapping[str, str] = {
    "error_code": "an operation's `error` tells it",
    **dict.fromkeys(("proto", "subproto", "tls_version", "ocsp_status"), ""),
}
"""Tags of k6 that nothing has here, and what tells the same."""


def label_has(label: Label, tag: str, wanted: str) -> bool:
    """Return whether operations of *label* have *tag* with the value *wanted*."""
    if tag == "name":
        return label.name == wanted
    if tag in ("load", "scenario"):
        return label.load == wanted or label.tags.get(tag) == wanted
    if tag == "outcome":
        return label.outcome.value == wanted
    if tag == "error":
        return label.error == wanted
    if tag == "expected_response":
        return label.tags.get(tag, "true" if label.outcome is Ended.OK else "false") == wanted
    return label.tags.get(tag, "") == wanted


def ops_of(
    history: History, tags: Mapping[str, str], window: Window | None = None
) -> OpTable:
    """Return the operations with all *tags* that were due in *window* while tracks ran.

    Preparing and finishing are no load, and would dilute what a window such as ``after`` holds. An
    operation that a fault overtook, due before it was asked for and ended later, is neither from
    before that fault nor from outside it.
    """
    window = window or Window()
    table = table_of(history.ops)
    overtakes = bool(window.before or window.outside)
    tracks = history.tracks_window or (float("-inf"), float("inf"))
    mask = np.zeros(len(table), dtype=np.bool_)
    due_s = table.due_s
    ended_s = table.ended_s if overtakes else due_s
    for start, end in window.stretches(history):
        for since, until in clipped([(start, end)], tracks):
            mask |= (due_s >= since) & (due_s < until) & (ended_s <= end)
    return table.where(mask & tags_mask(table, tags)) if tags else table.where(mask)


def tags_mask(table: OpTable, tags: Mapping[str, str]) -> Mask:
    """Return for each operation whether it has all *tags*."""
    own = {tag: wanted for tag, wanted in tags.items() if tag != "recorded"}
    mask = table.mask_of(lambda one: all(label_has(one, tag, own[tag]) for tag in own))
    return mask & table.recorded(tags["recorded"]) if "recorded" in tags else mask


def load_of(tags: Mapping[str, str]) -> str | None:
    """Return the load that *tags* restrict to, or None."""
    return tags.get("load", tags.get("scenario"))


def running(history: History, load: str | None) -> list[Stretch]:
    """Return when a load (one or any) was running; without a record of loads, the whole extent."""
    extent = extent_of(history)
    return merged(
        [
            (one.started, extent[1] if one.ended is None else one.ended)
            for one in history.loads
            if load in (None, one.load)
        ]
    ) or [extent]


def last_due(history: History, load: str | None) -> float:
    """Return when the last operation or dropped arrival of a load (one or any) was due."""
    table = ops_of(history, {} if load is None else {"load": load})
    moments = (table.due_s, drops_of(history, load))
    return max((float(each.max()) for each in moments if len(each)), default=float("-inf"))


def drops_of(history: History, load: str | None) -> Floats:
    """Return when the arrivals of a load (one or any) were due that nobody began, in order."""
    drops = drop_table_of(history.drops)
    names = np.array([load in (None, name) for name in drops.loads], dtype=np.bool_)
    return np.sort(drops.due_s[names[drops.load]]) if len(drops) else drops.due_s


def loaded_s(history: History, load: str | None, stretches: Sequence[Stretch]) -> float:
    """Return for how many seconds of *stretches* a load (one or any) was running.

    Without a record of loads, the whole extent counts.
    """
    times = running(history, load)
    return sum(end - start for each in times for start, end in clipped(stretches, each))
