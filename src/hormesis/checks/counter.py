"""``counter: READ``: what is read lies between what was surely added and what may have been."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hormesis.checks.parts.amounts import Amount, amount_of, exactly, figure_of, text_of_amount
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.checks.parts.readings import Readings
from hormesis.checks.parts.unrecorded import unrecorded
from hormesis.record.keys import Names, group_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
Floats = NDArray[np.float64]
Sums = NDArray[Any]
"""Whole numbers without limit: of 64 bits where all fit, else Python's own."""
Key = tuple[str | None, ...]
Number = int | Decimal
_WHOLE_MAX = 2**62
_NAMED_MAX = 6


@dataclass
class _Adds:
    """The additions to one counter that may have happened; columns of equal length."""

    number: array[int] = field(default_factory=lambda: array("q"))
    sent: array[float] = field(default_factory=lambda: array("d"))
    sure: array[float] = field(default_factory=lambda: array("d"))
    """When each had surely happened; never, for one that ended ``info``."""
    amount: list[Number | None] = field(default_factory=list)
    """None when nobody recorded how much."""


@dataclass
class _Reads:
    """The reads of one counter; columns of equal length."""

    place: array[int] = field(default_factory=lambda: array("q"))
    start: array[float] = field(default_factory=lambda: array("d"))
    end: array[float] = field(default_factory=lambda: array("d"))
    value: list[Number] = field(default_factory=list)


@dataclass(frozen=True)
class _Bounds:
    """What each read of one counter may have found at least and at most, in units of 1/*scale*."""

    value: Sums
    least: Sums
    most: Sums
    slack: int
    scale: int
    unbounded: NDArray[np.bool_]
    """Whether something may have been added of which nobody knows how much."""
    sure: NDArray[np.bool_]
    """Whether something had surely been added before it began."""

    def outside(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which reads found less, and which more."""
        below = (self.value < self.least - self.slack).astype(np.bool_)
        above = (self.value > self.most + self.slack).astype(np.bool_)
        return below & ~self.unbounded, above & ~self.unbounded

    def amount(self, units: Any) -> Decimal:
        """Return what so many units are."""
        return Decimal(int(units)) / self.scale


@dataclass
class _Tally:
    """How many reads there are of each sort."""

    count: int
    bad: int = 0
    unclear: int = 0
    telling: int = 0
    """Those that began after something had surely been added."""
    untold: list[Key] = field(default_factory=list)
    """The counters that were surely added to, of which there is no such read."""


class Counter(Check):
    """Every read of a counter lies between what was surely added and what may have been added.

    At least: what ``ok`` operations added that had ended before the read began. At most: what
    was added by operations that began before the read ended, those too that ended ``info``. What
    ended ``fail`` added nothing. Amounts below zero take away, and move the bounds the other way
    round. A read that nothing had been surely added before shows no loss; without another one,
    of each counter that was added to, it is unknown. Sums are exact, but where fractions are added
    up, floating numbers may be off by their own error. After the *counter*
    checker of Jepsen.
    """

    shorthand: ClassVar[str] = "of"
    refers: ClassVar[Mapping[str, str]] = {"of": "probe-or-op", "added_by": "op"}

    of: str
    """The operation or the probe that reads the counter."""
    value: str = "value"
    """The field of what it reads that holds the count."""
    added_by: Names
    """The operations that add; one name or a list."""
    amount: str = ""
    """The field of their values that says how much; left out: each adds 1."""
    per: Names = ()
    """Fields that name the counter, when there are several, of both; left out: there is one."""
    start: Amount = Decimal(0)
    """What the counter held before the first addition."""
    advice: str = (
        "Add in the database (UPDATE … SET n = n + 1, or an atomic increment) instead of reading, "
        "adding and writing back; and make an addition that is tried again recognisable."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        per = f" per {' and '.join(self.per)}" if self.per else ""
        return f"{self.of} counts {' and '.join(self.added_by)}{per}"

    def judge(self, history: History) -> Verdict:
        """Fail with each read outside its bounds."""
        with exactly():
            return self._judged(history)

    def _judged(self, history: History) -> Verdict:
        adds, undecided, counted = self._adds(history)
        readings = Readings(history, (self.of,))
        reads = self._reads(readings)
        tally = _Tally(sum(len(one.place) for one in reads.values()))
        doubt: dict[str, Any] = {"undecided": undecided, "without_value": readings.blind}
        if not tally.count:
            return self.verdict(Outcome.UNKNOWN, readings.why_none(self.value), **doubt)
        if not counted:
            why = told_none_ok(history, self.added_by, undecided)
            return self.verdict(Outcome.UNKNOWN, why, reads=tally.count, **doubt)
        findings: list[Finding] = []
        lacking = unrecorded(history)
        told: set[Key] = set()
        for key, its in reads.items():
            bounds = self._bounds(adds.get(key, _Adds()), its)
            below, above = bounds.outside()
            if lacking:
                tally.unclear += int(above.sum())
                above[:] = False
            if bounds.sure.any():
                told.add(key)
            tally.telling += int(bounds.sure.sum())
            wrong = np.flatnonzero(below | above)
            tally.bad += len(wrong)
            findings += [
                self._finding(key, its, bounds, int(row), readings)
                for row in wrong[: _LISTED_MAX - len(findings)]
            ]
        tally.untold = [
            key for key, one in adds.items() if key not in told and min(one.sure) < float("inf")
        ]
        outcome, summary = self._outcome(findings, tally, lacking)
        return self.verdict(
            outcome,
            summary,
            findings,
            reads=tally.count,
            added=counted,
            wrong=tally.bad,
            **doubt,
        )

    def _outcome(
        self, findings: Sequence[Finding], tally: _Tally, lacking: str
    ) -> tuple[Outcome, str]:
        if findings:
            return Outcome.FAIL, (
                f"{tally.bad} of {tally.count} reads are wrong: {findings[0].sentence}"
            )
        if tally.unclear:
            told = f"{tally.unclear} of {tally.count} reads found more than is known of: {lacking}"
            return Outcome.UNKNOWN, told
        if not tally.telling:
            why = f"none of {tally.count} reads began after something had been added"
            return Outcome.UNKNOWN, why
        if tally.untold:
            named = [self._which(key) for key in tally.untold[:_NAMED_MAX]]
            more = len(tally.untold) - len(named)
            return Outcome.UNKNOWN, (
                f"no read after it had been added to: {'; '.join(named)}"
                + (f" and {more} more" if more else "")
            )
        return Outcome.PASS, f"{tally.count} reads within their bounds"

    def _which(self, key: Key) -> str:
        return ", ".join(f"{n} {v}" for n, v in zip(self.per, key, strict=True))

    def _adds(self, history: History) -> tuple[dict[Key, _Adds], int, int]:
        """Return what may have been added, by counter; how many ended ``info``, and ``ok``."""
        adds: dict[Key, _Adds] = {}
        undecided = counted = 0
        for name in self.added_by:
            for op in history.ops_named(name):
                undecided += op.outcome is Ended.INFO
                amount = _number(op.value.get(self.amount)) if self.amount else 1
                # Who did not add ended ok without an amount; of info nobody knows it.
                if op.outcome is Ended.FAIL or (amount is None and op.outcome is Ended.OK):
                    continue
                key = group_of(op.value.get(part) for part in self.per)
                one = adds.setdefault(key, _Adds())
                one.number.append(op.number)
                one.sent.append(op.sent)
                one.sure.append(op.ended if op.outcome is Ended.OK else float("inf"))
                one.amount.append(amount)
                counted += op.outcome is Ended.OK
        return adds, undecided, counted

    def _reads(self, readings: Readings) -> dict[Key, _Reads]:
        reads: dict[Key, _Reads] = {}
        for reading in readings:
            rows: Sequence[Mapping[str, Scalar]] = reading.rows or (reading.fields,)
            for row in rows:
                value = _number(row.get(self.value))
                if value is None:
                    continue
                one = reads.setdefault(group_of(row.get(part) for part in self.per), _Reads())
                one.place.append(reading.place)
                one.start.append(reading.start)
                one.end.append(reading.end)
                one.value.append(value)
        return reads

    def _bounds(self, adds: _Adds, reads: _Reads) -> _Bounds:
        sized = np.array([one is not None for one in adds.amount], dtype=np.bool_)
        begin = _number(self.start) or 0
        known = [one for one in adds.amount if one is not None]
        wide = max(_places(known), _places(reads.value), _places([begin]))
        amounts, values = _units(known, wide), _units(reads.value, wide)
        [first] = _units([begin], wide)
        total = sum(map(abs, amounts)) + abs(first)
        fits = total + max(map(abs, values)) < _WHOLE_MAX
        of_all = np.array(amounts, dtype=np.int64 if fits else object)
        sent, sure = np.asarray(adds.sent), np.asarray(adds.sure)
        more, less = np.maximum(of_all, 0), np.minimum(of_all, 0)
        start, end = np.asarray(reads.start), np.asarray(reads.end)
        surely = np.isfinite(sure)
        ones = np.ones(len(sent), dtype=np.int64)
        return _Bounds(
            np.array(values, dtype=of_all.dtype),
            # Reads that began at the very moment are taken as concurrent.
            least=first
            + _until(sure[surely], more[surely[sized]], start, "left")
            + _until(sent[sized], less, end, "right"),
            most=first
            + _until(sent[sized], more, end, "right")
            + _until(sure[surely], less[surely[sized]], start, "left"),
            slack=max(16, len(known)) * total // 2**52 if wide else 0,
            scale=10**wide,
            unbounded=_until(sent[~sized], ones[~sized], end, "right") > 0,
            sure=_until(sure[surely], ones[surely], start, "left") > 0,
        )

    def _finding(
        self, key: Key, reads: _Reads, bounds: _Bounds, row: int, readings: Readings
    ) -> Finding:
        value, least, most = (
            bounds.amount(units[row]) for units in (bounds.value, bounds.least, bounds.most)
        )
        which = f" of {self._which(key)}" if key else ""
        bound = (
            f"at least {text_of_amount(least)} had been added before"
            if value < least
            else f"at most {text_of_amount(most)} can have been added by then"
        )
        place = reads.place[row]
        data: dict[str, Any] = {
            "value": figure_of(value), "least": figure_of(least), "most": figure_of(most),
        }  # fmt: skip
        data["key"] = dict(zip(self.per, key, strict=True))
        return Finding(
            f"read {text_of_amount(value)}{which} "
            f"{readings.where(place, reads.start[row])}; {bound}",
            (readings.cite(place),),
            data,
        )


def _number(value: Scalar | Decimal) -> Number | None:
    amount = amount_of(value)
    if amount is None:
        return None
    whole = int(amount)
    return whole if whole == amount else amount


def _places(amounts: Sequence[Number]) -> int:
    """Return how many decimal places the longest of *amounts* has."""
    fractions = (one for one in amounts if isinstance(one, Decimal))
    return max((-int(one.as_tuple().exponent) for one in fractions), default=0)


def _units(amounts: Sequence[Number], places: int) -> list[int]:
    """Return *amounts* in the unit of the last of so many decimal places."""
    unit = 10**places
    return [one * unit if isinstance(one, int) else int(one.scaleb(places)) for one in amounts]


def _until(moments: Floats, amounts: Sums, asked: Floats, side: Any) -> Sums:
    """Return for each of *asked* the sum of *amounts* whose *moments* lie before it."""
    order = np.argsort(moments, kind="stable")
    sums = np.concatenate([[0], np.cumsum(amounts[order])])
    found: Sums = sums[np.searchsorted(moments[order], asked, side=side)]
    return found
