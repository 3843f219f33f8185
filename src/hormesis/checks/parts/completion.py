"""Completion: when each key was first seen done, and until when it certainly was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from hormesis.checks.parts.cut_list import is_cut
from hormesis.record.keys import parts_of
from hormesis.words.history import ProbeRecord
from hormesis.words.op import Op


@dataclass(frozen=True, slots=True)
class Done:
    """What is known of one key; times in seconds of the run.

    It was ``asked`` for first by ``op``, or by one before it that did not end ``ok``. ``seen`` is
    the end of the first look that showed it, None when none did. ``absent`` is when it certainly
    was not done yet: the start of the last whole list before that which lacked it. ``stale``: it
    was listed before it was asked for, which proves nothing.
    """

    op: Op
    asked: float
    seen: float | None
    absent: float
    cite: str
    stale: bool = False

    def by(self, moment: float) -> bool:
        """Return whether it was seen done by *moment*."""
        return self.seen is not None and self.seen <= moment

    def missed(self, moment: float, slack_s: float) -> bool:
        """Return whether it certainly was not done by *moment*; looks come *slack_s* apart.

        A look that would have come at that very moment may still have shown it.
        """
        if self.stale or self.by(moment):
            return False
        return self.asked >= moment or self.absent + slack_s > moment


@dataclass(frozen=True)
class Lists:
    """What the looks at the list of done keys came to."""

    looks: Sequence[tuple[ProbeRecord, frozenset[str]]]
    """Those that had a value, in order of their ends, with the keys they showed."""
    cut_short: int
    """How many of them showed a part only."""
    why: str = ""
    """Why they cannot be judged."""

    @property
    def interval_s(self) -> float:
        """Return the time that typically passes from one look to the next; 0 for a single one."""
        return median([b.time - a.time for (a, _), (b, _) in pairwise(self.looks)] or [0.0])

    def gap_at(self, moment: float) -> tuple[float, float | None]:
        """Return the end of the last look before *moment*, and that of the first one after it."""
        ends = [_end(record) for record, _ in self.looks]
        after = [end for end in ends if end > moment]
        return max((end for end in ends if end <= moment), default=0.0), min(after, default=None)


def lists_of(records: Sequence[ProbeRecord], column: str, split: str) -> Lists:
    """Return what *records* show in *column*: a column of their rows, or a field."""
    looks: list[tuple[ProbeRecord, frozenset[str]]] = []
    for one in sorted((one for one in records if not one.reason), key=_end):
        cells = [row[column] for row in one.rows if column in row]
        if not one.rows and column in one.fields:
            cells = [one.fields[column]]
        elif not cells and (one.rows or one.fields.get("count") != 0):
            return Lists((), 0, f"the observations of {one.probe!r} hold no {column!r}")
        looks.append((one, frozenset(part for cell in cells for part in parts_of(cell, split))))
    if not looks:
        last = records[-1]
        return Lists((), 0, f"no observation of {last.probe!r} had a value: {last.reason}")
    return Lists(looks, sum(is_cut(one) for one, _ in looks))


def doneness(created: Mapping[str, Op], asked: Mapping[str, float], lists: Lists) -> list[Done]:
    """Return what is known of each key of *created*, in its order.

    ``asked`` says when each key was first asked for.
    """
    first: dict[str, tuple[ProbeRecord, float]] = {}
    absent = float("-inf")
    for record, keys in lists.looks:
        for key in keys - first.keys():
            first[key] = (record, absent)
        if not is_cut(record):
            absent = max(absent, record.time)
    last = lists.looks[-1][0] if lists.looks else None
    known = []
    for key, op in created.items():
        if key not in first:
            # A list that was read before it was asked for says nothing of what came after.
            lacked = absent if absent >= asked[key] else float("-inf")
            known.append(Done(op, asked[key], None, lacked, _cite(last) if last else ""))
            continue
        record, before = first[key]
        stale = _end(record) < asked[key]
        seen = None if stale else _end(record)
        known.append(Done(op, asked[key], seen, before, _cite(record), stale))
    return known


def _end(record: ProbeRecord) -> float:
    return record.time + record.took_s


def _cite(record: ProbeRecord) -> str:
    return f"{record.probe} at {record.time:.3f} s"
