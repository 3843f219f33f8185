"""Load table: what the operations of each name came to, one row each, and all of them together.

Three latencies stand beside each other in every row, because only together they tell the truth:

* *response*, ended − due: what a user felt, a queue in front of a busy system included;
* *service*, ended − sent: what the system itself took, once it was asked;
* *lag*, sent − due: how long the request waited on our side, for a free user or a busy generator.

What ``prepare`` and ``finish`` did is no load, and in no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hormesis.record.extent import extent_of
from hormesis.record.metrics import loaded_s
from hormesis.record.op_columns import Floats, Whole
from hormesis.record.op_table import OpTable, table_of
from hormesis.record.percentile import rank_of
from hormesis.record.results import AROUND
from hormesis.record.trend import Trend
from hormesis.words.history import History
from hormesis.words.op import Ended, Label

LATENCIES: Mapping[str, str] = {
    "response": "from when it was due to its end: what a user felt",
    "service": "from the send to the end: what the system took",
    "lag": "from when it was due to the send: how long it waited on our side",
}
"""The three latencies and what each one says, in one line."""


@dataclass(frozen=True, slots=True)
class LoadRow:
    """Operations of one name; ``rate`` is per second while its load ran, latencies in seconds.

    ``load``, ``name`` and ``method`` are empty in the row of everything.
    """

    load: str
    name: str
    method: str
    count: int
    ok: int
    fail: int
    info: int
    rate: float | None
    response: Trend
    service: Trend
    lag: Trend

    @property
    def failed(self) -> int:
        """Return how many did not end ok."""
        return self.count - self.ok

    @property
    def title(self) -> str:
        """Return the name with its method before it, unless it begins with that already."""
        if not self.method or f"{self.name} ".startswith(f"{self.method} "):
            return self.name
        return f"{self.method} {self.name}".strip()

    @property
    def failed_share(self) -> float | None:
        """Return the share, 0 to 1, that did not end ok; None without operations."""
        return self.failed / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class LoadTable:
    """The rows, by load and the most frequent name first, and the row of everything.

    ``dropped`` and ``waited`` count arrivals, ``iterations`` what users did, of all loads. At least
    one load was running for ``lasted_s`` seconds.
    """

    rows: tuple[LoadRow, ...]
    total: LoadRow
    dropped: int
    waited: int
    iterations: int
    lasted_s: float

    def percentile_with_dropped(self, percent: float) -> float | None:
        """Return the response's percentile as if nobody had ever answered a dropped arrival.

        In seconds; None when it lies among the dropped ones, or there is nothing at all.
        """
        answered = self.total.response.count
        rank = rank_of(percent, answered + self.dropped) if answered + self.dropped else 0
        if not 0 < rank <= answered:
            return None
        return self.total.response.percentile(100 * rank / answered)

    def __iter__(self) -> Iterator[LoadRow]:
        return iter(self.rows)


def load_ops(history: History) -> OpTable:
    """Return the operations of loads: all but those that made ready and tidied up."""
    table = table_of(history.ops)
    around = table.mask_of(lambda label: label.load in AROUND)
    return table.where(~around) if around.any() else table


def load_table(history: History) -> LoadTable:
    """Return the table of *history*, in one pass over its operations."""
    ops = load_ops(history)
    extent = extent_of(history)
    keys = list(dict.fromkeys(_key_of(label) for label in ops.labels))
    loads = dict.fromkeys(load for load, _, _ in keys)
    lasted = {load: loaded_s(history, load, [extent]) for load in loads}
    rows = _rows(ops, keys, lasted)
    rows.sort(key=lambda row: (row.load, -row.count, row.name, row.method))
    records = [one for one in history.loads if one.load not in AROUND]
    lasted_s = loaded_s(history, None, [extent])
    return LoadTable(
        rows=tuple(rows),
        total=_together(rows, lasted_s),
        dropped=sum(one.dropped for one in records),
        waited=sum(one.waited for one in records),
        iterations=sum(one.iterations for one in records),
        lasted_s=lasted_s,
    )


def tables_together(tables: Sequence[LoadTable]) -> LoadTable:
    """Return the tables of several runs as one; their lengths add up."""
    if len(tables) == 1:
        return tables[0]
    lasted_s = sum(one.lasted_s for one in tables)
    return LoadTable(
        rows=tuple(row for one in tables for row in one.rows),
        total=_together([one.total for one in tables], lasted_s),
        dropped=sum(one.dropped for one in tables),
        waited=sum(one.waited for one in tables),
        iterations=sum(one.iterations for one in tables),
        lasted_s=lasted_s,
    )


_Key = tuple[str, str, str]


def _key_of(label: Label) -> _Key:
    return label.load, label.name, label.tags.get("method", "")


def _rows(ops: OpTable, keys: Sequence[_Key], lasted: Mapping[str, float]) -> list[LoadRow]:
    """Return a row per key that has operations.

    They are sorted by key once, because there may be thousands of names.
    """
    place = {key: at for at, key in enumerate(keys)}
    group_of = np.array([place[_key_of(label)] for label in ops.labels], dtype=np.int64)
    ended = _ended(ops, group_of, len(keys))
    counts = [sum(each.values()) for each in ended]
    order = _order(group_of[ops.label], len(keys)) if len(ops) else None
    trends = {name: _trends(getattr(ops, f"{name}_s"), order, counts) for name in LATENCIES}
    return [
        LoadRow(
            *key,
            count=counts[at],
            ok=ended[at][Ended.OK],
            fail=ended[at][Ended.FAIL],
            info=ended[at][Ended.INFO],
            rate=counts[at] / lasted[key[0]] if lasted[key[0]] > 0 else None,
            response=trends["response"][at],
            service=trends["service"][at],
            lag=trends["lag"][at],
        )
        for at, key in enumerate(keys)
        if counts[at]
    ]


def _ended(ops: OpTable, group_of: np.ndarray, groups: int) -> list[dict[Ended, int]]:
    found = [dict.fromkeys(Ended, 0) for _ in range(groups)]
    for label, group, number in zip(
        ops.labels, group_of.tolist(), ops.label_counts.tolist(), strict=True
    ):
        found[group][label.outcome] += number
    return found


def _order(groups: Whole, number: int) -> Whole | None:
    """Return in which order operations stand group by group; None: there is one group only."""
    if number == 1:
        return None
    # Few groups fit into 16 bits, whose stable sort needs no comparisons.
    narrow = groups.astype(np.int16) if number < np.iinfo(np.int16).max else groups
    return np.argsort(narrow, kind="stable")


def _trends(values: Floats, order: Whole | None, counts: Sequence[int]) -> list[Trend]:
    ordered = values if order is None else values[order]
    edges = np.cumsum([0, *counts]).tolist()
    return [trend_of(ordered[start:end]) for start, end in pairwise(edges)]


def trend_of(values: Floats) -> Trend:
    """Return the trend of *values*, in seconds; what is no number is left out."""
    known = np.isfinite(values)
    return Trend.of(values if known.all() else values[known])


def _together(rows: Sequence[LoadRow], lasted_s: float) -> LoadRow:
    count = sum(row.count for row in rows)
    trends = {name: Trend() for name in LATENCIES}
    for row in rows:
        for name, trend in trends.items():
            trend.merge(getattr(row, name))
    return LoadRow(
        *("", "", ""),
        count=count,
        ok=sum(row.ok for row in rows),
        fail=sum(row.fail for row in rows),
        info=sum(row.info for row in rows),
        rate=count / lasted_s if lasted_s > 0 else None,
        response=trends["response"],
        service=trends["service"],
        lag=trends["lag"],
    )
