"""``set: READ``: what was added is in every later read, once, and nothing else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from hormesis.checks.parts.cut_list import cut_told
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.checks.parts.readings import Readings
from hormesis.checks.parts.unrecorded import unrecorded
from hormesis.record.keys import Names, parts_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
NEVER = float("inf")


@dataclass
class _Element:
    """What is known of one element; moments in seconds of the run."""

    op: int = 0
    """The operation that surely added it, else the first that tried, else 0."""
    asked: float = NEVER
    """When the first attempt began that may have added it."""
    known: float = NEVER
    """From when on it is surely there: the end of the addition, or of a read that found it."""
    acknowledged: bool = False
    refused: bool = False
    """Whether an attempt definitely did not add it."""
    shown: list[int] = field(default_factory=list)
    """The reads that found it, in order of their beginnings."""


@dataclass
class _Reads:
    """The reads in order of their beginnings."""

    place: list[int]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    whole: NDArray[np.bool_]
    twice: list[tuple[str, int, int]]
    """Element, read, and how many times it was in it."""


class Set(Check):
    """Every element that was added is found by the last read, once, and none that was not added.

    An element is known from the end of its addition, or of the first read that found it. It is
    *lost* when a read that began later lacks it and no read finds it after that; *stale* when one
    lacks it and a later one has it again; *unexpected* when nobody tried to add it before it was
    read, or every attempt ended ``fail``; *repeated* when one read has it twice. An addition that
    ended ``info`` may or may not have happened. An element that no read looked for after it was
    known is unknown. After the *set-full* checker of Jepsen.
    """

    shorthand: ClassVar[str] = "of"
    refers: ClassVar[Mapping[str, str]] = {"of": "probe-or-op", "added_by": "op"}

    of: str
    """The operation or the probe that reads the whole set."""
    added_by: Names
    """The operations that add an element; one name or a list."""
    key: str
    """The field of their values that says which; several may stand in a list."""
    column: str = ""
    """The field, or the column of the rows, that holds the elements read; left out: `key`."""
    split: str = ""
    """What separates several elements in one field, such as `,`."""
    stale: Literal["allowed", "never"] = "allowed"
    """Whether a read may lack for a while what was added; `never` asks for linearizability."""
    others: Literal["allowed", "never"] = "never"
    """Whether there may be elements that nobody added, such as those from before the run."""
    noun: str = ""
    """What an element is, in findings; left out: the key's name, capitalised."""
    advice: str = (
        "Acknowledge an addition only after it is durable, and where reads go to copies, on as "
        "many as a read asks."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{self.of} has every {self.key} of {' and '.join(self.added_by)}"

    def judge(self, history: History) -> Verdict:
        """Fail with each element that is lost, unexpected or repeated."""
        elements, undecided = self._added(history)
        acknowledged = sum(one.acknowledged for one in elements.values())
        readings = Readings(history, (self.of,))
        reads = self._read(readings, elements)
        doubt: dict[str, Any] = {"undecided": undecided, "without_value": readings.blind}
        if not acknowledged:
            why = told_none_ok(history, self.added_by, undecided, self.key)
            return self.verdict(Outcome.UNKNOWN, why, **doubt)
        if not reads.place:
            why = readings.why_none(self.column or self.key)
            return self.verdict(Outcome.UNKNOWN, why, acknowledged=acknowledged, **doubt)
        found: dict[str, list[Finding]] = {
            sort: [] for sort in ("lost", "stale", "unexpected", "repeated")
        }
        unread = 0
        for name, one in elements.items():
            sort, read = self._fate(one, reads)
            if sort == "unread":
                unread += one.acknowledged
            elif sort:
                found[sort].append(self._finding(name, one, sort, read, reads, readings))
        for name, read, times in reads.twice:
            sort = f"{times} times"
            found["repeated"].append(
                self._finding(name, elements[name], sort, read, reads, readings)
            )
        figures = {"acknowledged": acknowledged, "reads": len(reads.place), **doubt}
        looks = [one for one in history.observations(self.of) if not one.reason]
        cut = cut_told(looks[-1] if looks else None)
        return self._judged(found, unread, unrecorded(history), cut, figures)

    def _judged(
        self,
        found: Mapping[str, list[Finding]],
        unread: int,
        lacking: str,
        cut: str,
        figures: Any,
    ) -> Verdict:
        counted = {
            "lost": True,
            "stale": self.stale == "never",
            "unexpected": self.others == "never" and not lacking,
            "repeated": True,
        }
        findings = [one for sort in found if counted[sort] for one in found[sort]]
        unclear = unread
        if lacking and self.others == "never":
            unclear += len(found["unexpected"])
        told = [f"{len(found[sort])} {sort}" for sort in found if found[sort]]
        if unclear:
            why = f" ({lacking})" if lacking else ""
            told.append(f"{unclear} cannot be decided{why}{cut}")
        fine = f"all {figures['acknowledged']} were read"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.UNKNOWN if unclear else Outcome.PASS,
            "; ".join(told if findings or unclear else [fine, *told]),
            findings[:_LISTED_MAX],
            **figures,
            **{sort: len(its) for sort, its in found.items()},
            unread=unread,
        )

    def _added(self, history: History) -> tuple[dict[str, _Element], int]:
        elements: dict[str, _Element] = {}
        undecided = 0
        for name in self.added_by:
            for op in history.ops_named(name):
                undecided += op.outcome is Ended.INFO
                for part in parts_of(op.value.get(self.key), self.split):
                    one = elements.setdefault(part, _Element())
                    if op.outcome is Ended.FAIL:
                        one.refused, one.op = True, one.op or op.number
                        continue
                    one.asked = min(one.asked, op.sent)
                    if op.outcome is Ended.OK:
                        one.known = min(one.known, op.ended)
                        one.op = one.op if one.acknowledged else op.number
                        one.acknowledged = True
                    one.op = one.op or op.number
        return elements, undecided

    def _read(self, readings: Readings, elements: dict[str, _Element]) -> _Reads:
        """Return the reads, and enter into *elements* which found them."""
        column = self.column or self.key
        found = []
        for reading in readings:
            cells = reading.cells(column)
            if cells is not None:
                parts = Counter(part for cell in cells for part in parts_of(cell, self.split))
                found.append((reading.start, reading.place, reading.end, reading.whole, parts))
        found.sort(key=lambda one: one[:2])
        twice: list[tuple[str, int, int]] = []
        for row, (_, _, end, _, parts) in enumerate(found):
            for part, times in parts.items():
                one = elements.setdefault(part, _Element())
                one.shown.append(row)
                one.known = min(one.known, end)
                if times > 1:
                    twice.append((part, row, times))
        return _Reads(
            [one[1] for one in found],
            np.array([one[0] for one in found], dtype=np.float64),
            np.array([one[2] for one in found], dtype=np.float64),
            np.array([one[3] for one in found], dtype=np.bool_),
            list({name: (name, read, times) for name, read, times in reversed(twice)}.values()),
        )

    def _fate(self, one: _Element, reads: _Reads) -> tuple[str, int]:
        """Return what became of it and the read that tells: lost, stale, unexpected, unread, ""."""
        if one.shown:
            first = min(one.shown, key=lambda row: float(reads.end[row]))
            if one.asked > reads.end[first]:
                return "unexpected", first
        elif one.known == NEVER:
            return "", 0
        later = int(np.searchsorted(reads.start, one.known, side="right"))
        looked = np.flatnonzero(reads.whole[later:]) + later
        if not one.shown:
            return ("lost", int(looked[-1])) if len(looked) else ("unread", 0)
        shown = np.array(one.shown)
        # As many whole reads found it as looked for it: none lacked it.
        if len(looked) == int(reads.whole[shown[shown >= later]].sum()):
            return "", 0
        lacking = np.setdiff1d(looked, shown, assume_unique=True)
        last = int(lacking[-1])
        # A read that overlaps the one that lacks it may have come after that.
        again = float(reads.end[shown].max()) >= reads.start[last]
        return ("stale" if again else "lost"), last

    def _finding(
        self, name: str, one: _Element, sort: str, read: int, reads: _Reads, readings: Readings
    ) -> Finding:
        noun = self.noun or self.key.capitalize()
        place = reads.place[read]
        where = readings.where(place, float(reads.start[read]))
        added = f"was added by {one.known:.3f} s" + (f" (op {one.op})" if one.op else "")
        told = {
            "lost": f"{added} and is missing from then on, last {where}",
            "stale": f"{added}, was missing {where} and there again later",
            "unexpected": f"was read {where}, and "
            + (
                f"every attempt to add it was refused (op {one.op})"
                if one.refused and one.asked == NEVER
                else "nobody had tried to add it"
            ),
        }.get(sort, f"is there {sort} {where}")
        cites = (f"op {one.op}",) if one.op else ()
        return Finding(
            f"{noun} {name} {told}",
            (*cites, readings.cite(place)),
            {"key": name, "sort": "repeated" if sort not in ("lost", "stale", "unexpected") else
             sort, "op": one.op},
        )  # fmt: skip
