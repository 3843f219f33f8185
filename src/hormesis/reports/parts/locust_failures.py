"""Locust's failures: by type, name and error; and exceptions, which users' code let out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hormesis.record.load_table import load_ops
from hormesis.record.results import AROUND
from hormesis.reports.parts.locust_stats import Cell, bare_name
from hormesis.reports.parts.manifest_facts import started_wall
from hormesis.words.history import History
from hormesis.words.op import Ended


@dataclass(slots=True)
class _Seen:
    count: int = 0
    first: float = math.inf
    last: float = -math.inf


def failure_rows(histories: Sequence[History]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of ``_failures.csv``; the first and last time are in UTC."""
    found: dict[tuple[str, str, str], _Seen] = {}
    for history in histories:
        ops = load_ops(history)
        bad = ops.where(ops.mask_of(lambda label: label.outcome is not Ended.OK))
        if not len(bad):
            continue
        firsts = np.full(len(ops.labels), math.inf)
        lasts = np.full(len(ops.labels), -math.inf)
        np.minimum.at(firsts, bad.label, bad.ended_s)
        np.maximum.at(lasts, bad.label, bad.ended_s)
        wall = started_wall(history)
        for at, label in enumerate(ops.labels):
            count = int(bad.label_counts[at])
            if count:
                method = label.tags.get("method", "") or label.load
                error = label.error or label.outcome.value
                seen = found.setdefault(
                    (method, bare_name(method, label.name), error), _Seen()
                )
                seen.count += count
                seen.first = min(seen.first, wall + float(firsts[at]))
                seen.last = max(seen.last, wall + float(lasts[at]))
    for key, seen in sorted(found.items()):
        yield (*key, seen.count, _time(seen.first), _time(seen.last))


def exception_rows(histories: Sequence[History]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of ``_exceptions.csv``: what loads noted beside their operations."""
    noted: Counter[tuple[str, str]] = Counter()
    for history in histories:
        loads = {one.load for one in history.loads if one.load not in AROUND}
        for note in history.notes:
            if note.source in loads and note.level != "info":
                noted[note.text, note.source] += 1
    for (text, source), count in noted.items():
        yield count, text, "", source


def _time(epoch_s: float) -> str:
    if not math.isfinite(epoch_s):
        return ""
    return datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
