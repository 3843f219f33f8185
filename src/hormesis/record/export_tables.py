"""Export tables: a run's records as flat tables, in batches that fit the memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hormesis.record.drop_table import drop_table_of
from hormesis.record.histogram import Histogram
from hormesis.record.op_table import OpTable, table_of
from hormesis.words.history import FaultRecord, History, ProbeRecord
from hormesis.words.metric import MetricSlice, MetricSort

BATCH_ROWS = 1 << 18

_Row = TypeVar("_Row")


class ColumnSort(Enum):
    """What the cells of a column hold; every cell may be empty, except of ``CODE``."""

    WHOLE = "whole number"
    NUMBER = "number"
    TRUTH = "truth value"
    TEXT = "text"
    CODE = "text of which there are few"


@dataclass(frozen=True, slots=True)
class Coded:
    """Cells as indexes into a few texts."""

    codes: NDArray[Any]
    texts: Sequence[str]


Cells = Sequence[Any] | NDArray[Any] | Coded
"""The cells of one column in one batch; None is empty."""


@dataclass(frozen=True)
class ExportTable:
    """One table: its columns, and batches that hold one :data:`Cells` per column."""

    name: str
    columns: Mapping[str, ColumnSort]
    batches: Callable[[], Iterator[Sequence[Cells]]]


def tables_of(history: History) -> list[ExportTable]:
    """Return operations, drops, metrics, probes and faults; times are seconds of the run."""
    places = _Places(history)
    return [
        ExportTable("ops", _OPS, lambda: _op_batches(table_of(history.ops), places)),
        ExportTable("drops", _DROPS, lambda: _drop_batches(history, places)),
        ExportTable("metrics", _METRICS, lambda: _batches(history.metrics, _metric_row)),
        ExportTable("probes", _PROBES, lambda: _batches(history.probes, _probe_row)),
        ExportTable("faults", _FAULTS, lambda: _batches(history.faults, _fault_row)),
    ]


_WHOLE, _NUMBER, _TRUTH = ColumnSort.WHOLE, ColumnSort.NUMBER, ColumnSort.TRUTH
_TEXT, _CODE = ColumnSort.TEXT, ColumnSort.CODE
_OPS = {
    "number": _WHOLE, "load": _CODE, "name": _CODE, "user": _WHOLE,
    "due_s": _NUMBER, "sent_s": _NUMBER, "ended_s": _NUMBER,
    "response_s": _NUMBER, "service_s": _NUMBER, "lag_s": _NUMBER,
    "outcome": _CODE, "error": _CODE, "tags": _CODE, "phase": _CODE, "faults": _CODE,
    "value": _TEXT,
}  # fmt: skip
_DROPS = {"load": _CODE, "due_s": _NUMBER, "phase": _CODE, "faults": _CODE}
_METRICS = {
    "metric": _TEXT, "sort": _TEXT, "load": _TEXT, "start_s": _NUMBER, "count": _WHOLE,
    "total": _NUMBER, "lowest": _NUMBER, "highest": _NUMBER, "last": _NUMBER,
    "p50": _NUMBER, "p95": _NUMBER, "p99": _NUMBER, "tags": _TEXT,
}  # fmt: skip
_PROBES = {
    "probe": _TEXT, "time_s": _NUMBER, "took_s": _NUMBER, "good": _TRUTH, "expected": _TRUTH,
    "reason": _TEXT, "miss": _TEXT, "fields": _TEXT, "rows": _TEXT,
}  # fmt: skip
_FAULTS = {
    "id": _TEXT, "track": _TEXT, "kind": _TEXT, "target": _TEXT, "by": _TEXT,
    "asked_s": _NUMBER, "injected_s": _NUMBER, "bitten_s": _NUMBER, "released_s": _NUMBER,
    "healed_s": _NUMBER, "asked_value": _NUMBER, "seen_value": _NUMBER, "unit": _TEXT,
    "proof": _TEXT, "proof_gone": _TEXT, "trouble": _TEXT, "released_by": _TEXT, "skipped": _TEXT,
    "unreached": _TEXT,
}  # fmt: skip


class _Places:
    """In which phase, and under which faults, something was due."""

    def __init__(self, history: History) -> None:
        phases = sorted(history.phases, key=lambda one: one.start)
        self._starts = np.array([one.start for one in phases], dtype=np.float64)
        self._names = ["", *(one.name for one in phases)]
        windows = [(one.track, window) for one in history.faults if (window := one.window)]
        edges = sorted({edge for _, window in windows for edge in window})
        self._edges = np.array(edges, dtype=np.float64)
        self._faults = [
            ",".join(dict.fromkeys(track for track, (start, end) in windows if start <= edge < end))
            for edge in [float("-inf"), *edges]
        ]

    def of(self, due_s: NDArray[np.float64]) -> tuple[Coded, Coded]:
        """Return the phase and the tracks of the faults that were injected at each moment."""
        phase = np.searchsorted(self._starts, due_s, side="right")
        faults = np.searchsorted(self._edges, due_s, side="right")
        return Coded(phase, self._names), Coded(faults, self._faults)


def _op_batches(table: OpTable, places: _Places) -> Iterator[Sequence[Cells]]:
    labels = table.labels
    texts: dict[str, list[str]] = {
        "load": [one.load for one in labels],
        "name": [one.name for one in labels],
        "outcome": [one.outcome.value for one in labels],
        "error": [one.error for one in labels],
        "tags": [_json(one.tags) or "" for one in labels],
    }
    values = table.values
    for start in range(0, len(table), BATCH_ROWS):
        part = table.where(np.arange(start, min(start + BATCH_ROWS, len(table))))
        code, number, due_s = part.label, part.number, part.due_s
        phase, faults = places.of(due_s)
        found: list[Any] = [None] * len(part)
        if values:
            found = [_json(values.get(one)) for one in number.tolist()]
        yield [
            number,
            Coded(code, texts["load"]),
            Coded(code, texts["name"]),
            part.user,
            *(_micro(each) for each in (due_s, part.sent_s, part.ended_s)),
            *(_micro(each) for each in (part.response_s, part.service_s, part.lag_s)),
            Coded(code, texts["outcome"]),
            Coded(code, texts["error"]),
            Coded(code, texts["tags"]),
            phase,
            faults,
            found,
        ]


def _drop_batches(history: History, places: _Places) -> Iterator[Sequence[Cells]]:
    drops = drop_table_of(history.drops)
    due_s = drops.due_s
    for start in range(0, len(drops), BATCH_ROWS):
        part = slice(start, start + BATCH_ROWS)
        load = Coded(drops.load[part], drops.loads)
        yield [load, _micro(due_s[part]), *places.of(due_s[part])]


def _batches(
    rows: Sequence[_Row], cells_of: Callable[[_Row], tuple[Any, ...]]
) -> Iterator[Sequence[Cells]]:
    for start in range(0, len(rows), BATCH_ROWS):
        made = [cells_of(row) for row in rows[start : start + BATCH_ROWS]]
        yield list(zip(*made, strict=True))


def _metric_row(one: MetricSlice) -> tuple[Any, ...]:
    told = Histogram()
    if one.sort is MetricSort.TREND:
        told.add_slice(one)
    return (
        one.metric, one.sort.value, one.load, one.start, one.count,
        one.total, one.lowest, one.highest, one.last,
        told.percentile(50), told.percentile(95), told.percentile(99), _json(one.tags),
    )  # fmt: skip


def _probe_row(one: ProbeRecord) -> tuple[Any, ...]:
    return (
        one.probe, one.time, one.took_s, one.good, one.expected,
        one.reason, one.miss, _json(one.fields), _json(one.rows),
    )  # fmt: skip


def _fault_row(one: FaultRecord) -> tuple[Any, ...]:
    return (
        one.id, one.track, one.kind, one.target, one.by,
        one.asked, one.injected, one.bitten, one.released, one.healed,
        one.asked_value, one.seen_value, one.unit,
        one.proof, one.proof_gone, one.trouble, one.released_by, one.skipped, one.unreached,
    )  # fmt: skip


def _micro(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times rounded to the microsecond in which they were recorded."""
    return np.round(moments, 6)


def _json(data: Any) -> str | None:
    """Return *data* as JSON; None when there is nothing."""
    return json.dumps(data, default=str, separators=(",", ":")) if data else None
