"""Live figures: what loads come to while they still run, in bounded memory.

It takes the same chunks of records that the history's files take. Percentiles are within 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hormesis.record.histogram import Histogram
from hormesis.record.op_record import DROPPED, OUTCOMES, LabelRow, checked_chunk
from hormesis.record.record_layout import LAYOUT
from hormesis.words.op import Ended, Op

SLOT_S = 0.5
"""Figures of the last few seconds are gathered in slots of so many seconds."""
KEPT_S = 60.0
"""No figures are asked for of more than the last so many seconds."""

_OK = OUTCOMES.index(Ended.OK)
_Floats = NDArray[np.float64]


@dataclass(slots=True)
class LiveRow:
    """What was counted of one load, or of all, in ``lasted_s`` seconds."""

    count: int = 0
    failed: int = 0
    """Of them, how many did not end ok."""
    dropped: int = 0
    """Arrivals that nobody began; they are not in ``count``."""
    lasted_s: float = 0.0
    response: Histogram = field(default_factory=Histogram)
    """How long they took from when they were due, in seconds."""
    lag: Histogram = field(default_factory=Histogram)
    """How much later than due they were sent, in seconds."""

    @property
    def rate(self) -> float:
        """Return operations per second."""
        return self.count / self.lasted_s if self.lasted_s > 0 else 0.0

    @property
    def errors(self) -> float:
        """Return the share, 0 to 1, that did not end ok."""
        return self.failed / self.count if self.count else 0.0

    @property
    def p50(self) -> float | None:
        """Return the median response in seconds, None without operations."""
        return self.response.percentile(50)

    @property
    def p95(self) -> float | None:
        """Return the 95th percentile of responses in seconds, None without operations."""
        return self.response.percentile(95)

    @property
    def p99(self) -> float | None:
        """Return the 99th percentile of responses in seconds, None without operations."""
        return self.response.percentile(99)

    @property
    def lag_p99(self) -> float | None:
        """Return the 99th percentile of lags in seconds, None without operations."""
        return self.lag.percentile(99)

    def add(self, other: LiveRow) -> None:
        """Count what *other* counted, in the same time."""
        self.count += other.count
        self.failed += other.failed
        self.dropped += other.dropped
        self.response.merge(other.response)
        self.lag.merge(other.lag)


class _Labels:
    """Where the labels of one process lead to: to a load and an outcome code."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int]] = []
        self._table: NDArray[np.int64] | None = None

    def add(self, load: int, code: int) -> None:
        self._rows.append((load, code))
        self._table = None

    def of(self, labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return each one's load and outcome; those of an unknown label are of load -1."""
        if self._table is None:
            self._table = np.array([*self._rows, (-1, -1)], dtype=np.int64)
        found = self._table[np.minimum(labels, len(self._table) - 1)]
        return found[:, 0], found[:, 1]


class LiveFigures:
    """Counts operations as they come: of the whole run so far, and of its last seconds."""

    def __init__(self) -> None:
        self._loads: dict[str, int] = {}
        self._labels: dict[int, _Labels] = {}
        self._whole: list[LiveRow] = []
        self._slots: list[dict[int, LiveRow]] = []
        self._newest = 0

    @property
    def loads(self) -> tuple[str, ...]:
        """Return the loads of which something was recorded, in the order of their first labels."""
        return tuple(self._loads)

    def add(self, shard: int, labels: Iterable[LabelRow], chunk: bytes) -> None:
        """Count what the process *shard* recorded: *labels* that are new, then a chunk of records.

        Raises:
            ValueError: *chunk* does not hold whole records.
        """
        known = self._labels.setdefault(shard, _Labels())
        for name, _, outcome, _, _ in labels:
            known.add(self._load(name), outcome)
        count = checked_chunk(chunk)
        if not count:
            return
        records = np.frombuffer(chunk, dtype=LAYOUT)
        load_of, code = known.of(records["label"])
        lag_us = records["lag_us"]
        took_us = lag_us + records["took_us"].astype(np.int64)
        slot = np.floor((records["due_us"] + took_us) / (SLOT_S * 1e6)).astype(np.int64)
        for load, mine in _apart(load_of):
            if load >= 0:
                self._count(load, slot[mine], code[mine], took_us[mine] / 1e6, lag_us[mine] / 1e6)

    def add_op(self, op: Op) -> None:
        """Count one operation that is in no chunk."""
        self._count(
            self._load(op.load),
            np.array([math.floor(op.ended / SLOT_S)]),
            np.array([OUTCOMES.index(op.outcome)]),
            np.array([op.response_s]),
            np.array([op.lag_s]),
        )

    def whole(self, now: float, load: str | None = None) -> LiveRow:
        """Return what was counted of *load*, or of all, since the run's start until *now*."""
        return _summed([self._whole[index] for index in self._chosen(load)], now)

    def window(self, now: float, lasting_s: float, load: str | None = None) -> LiveRow:
        """Return what ended in the *lasting_s* seconds before *now*, of *load* or of all.

        It begins where a slot begins, so that it may last up to :data:`SLOT_S` seconds longer.
        """
        first = max(math.floor((now - min(lasting_s, KEPT_S)) / SLOT_S), 0)
        rows = [
            row
            for index in self._chosen(load)
            for slot, row in self._slots[index].items()
            if slot >= first
        ]
        return _summed(rows, now - first * SLOT_S)

    def _chosen(self, load: str | None) -> Iterable[int]:
        if load is None:
            return self._loads.values()
        return [self._loads[load]] if load in self._loads else []

    def _load(self, name: str) -> int:
        if name not in self._loads:
            self._loads[name] = len(self._loads)
            self._whole.append(LiveRow())
            self._slots.append({})
        return self._loads[name]

    def _count(
        self,
        load: int,
        slots: NDArray[Any],
        codes: NDArray[Any],
        response_s: _Floats,
        lag_s: _Floats,
    ) -> None:
        rows = self._slots[load]
        for slot, here in _apart(slots):
            made = _row_of(codes[here], response_s[here], lag_s[here])
            rows.setdefault(slot, LiveRow()).add(made)
            self._whole[load].add(made)
        self._newest = max(self._newest, *rows)
        oldest = self._newest - math.ceil(KEPT_S / SLOT_S)
        for slot in [slot for slot in rows if slot < oldest]:
            del rows[slot]


def _apart(keys: NDArray[Any]) -> Iterator[tuple[int, Any]]:
    """Yield each different key, and what selects those that have it."""
    lowest, highest = int(keys.min()), int(keys.max())
    if lowest == highest:
        # Nearly every chunk is of one load and one slot, and sorting it would be most of the work.
        yield lowest, slice(None)
        return
    for key in np.unique(keys).tolist():
        yield key, keys == key


def _row_of(codes: NDArray[Any], response_s: _Floats, lag_s: _Floats) -> LiveRow:
    """Return the row of operations and drops with these outcome codes."""
    begun = codes != DROPPED
    made = LiveRow(dropped=len(codes) - int(np.count_nonzero(begun)))
    made.response.add_many(response_s[begun])
    made.lag.add_many(lag_s[begun])
    made.count = made.response.count
    made.failed = made.count - int(np.count_nonzero(codes == _OK))
    return made


def _summed(rows: Iterable[LiveRow], lasted_s: float) -> LiveRow:
    made = LiveRow(lasted_s=max(lasted_s, 0.0))
    for row in rows:
        made.add(row)
    return made
