"""Found again: which keys a probe's last look, or operations, show, and how often each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hormesis.checks.parts.cut_list import cut_told, is_cut
from hormesis.record.keys import parts_of
from hormesis.words.history import History, ProbeRecord
from hormesis.words.op import Ended

_CITED_MAX = 6


@dataclass
class FoundAgain:
    """What was found. ``complete`` is False when absence proves nothing.

    ``count`` is how often each key was found for sure, ``undecided`` how often perhaps. ``until``
    is when the look at it began, in seconds of the run. ``why`` tells why nothing is known.
    """

    count: Counter[str] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    until: float = float("inf")
    why: str = ""
    complete: bool = True
    cut: str = ""
    """That the list was cut and what to do, as the end of a sentence."""
    cite: str = ""
    ops: dict[str, list[int]] = field(default_factory=dict)
    """The first few operations that hold a key, when operations do."""

    def cites(self, key: str) -> tuple[str, ...]:
        """Return what shows *key*."""
        return tuple(f"op {number}" for number in self.ops.get(key, ())) or (self.cite,)


def found_again(history: History, name: str, column: str, split: str = "") -> FoundAgain:
    """Return the keys in *column* of the last observation with a value, or of operations."""
    observations = history.observations(name)
    if observations:
        return _by_probe(observations, name, column, split)
    ops = list(history.ops_named(name))
    if not ops:
        return FoundAgain(why=f"{name!r} was never observed, and no operation was called so")
    found = FoundAgain(cite=name)
    for op in ops:
        if op.outcome is Ended.FAIL:
            continue
        for part in parts_of(op.value.get(column), split):
            (found.count if op.outcome is Ended.OK else found.undecided)[part] += 1
            numbers = found.ops.setdefault(part, [])
            if len(numbers) < _CITED_MAX:
                numbers.append(op.number)
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What one look showed, and when; in seconds of the run."""

    count: Counter[str]
    start: float
    end: float
    cite: str


def looks_at(history: History, name: str, column: str, split: str = "") -> list[Shown]:
    """Return what each ``ok`` operation showed, or the last observation with a value."""
    read = [one for one in history.observations(name) if not one.reason]
    if read:
        found = _by_probe(read[-1:], name, column, split)
        end = read[-1].time + read[-1].took_s
        return [Shown(found.count, found.until, end, found.cite)]
    return [
        Shown(Counter(parts_of(op.value.get(column), split)), op.sent, op.ended, f"op {op.number}")
        for op in history.ops_named(name)
        if op.outcome is Ended.OK
    ]


def _by_probe(
    observations: Sequence[ProbeRecord], name: str, column: str, split: str
) -> FoundAgain:
    read = [one for one in observations if not one.reason]
    if not read:
        return FoundAgain(why=f"no observation of {name!r} had a value: {observations[-1].reason}")
    last = read[-1]
    rows = last.fields.get("count")
    cells = [row[column] for row in last.rows if column in row]
    if not last.rows and column in last.fields:
        cells = [last.fields[column]] if last.fields[column] != "" else []
    elif not cells and (last.rows or rows != 0):
        return FoundAgain(why=f"the observations of {name!r} hold no {column!r}")
    return FoundAgain(
        count=Counter(part for cell in cells for part in parts_of(cell, split)),
        until=last.time,
        complete=not is_cut(last),
        cut=cut_told(last),
        cite=f"{last.probe} at {last.time:.3f} s",
    )
