"""``counter: READ``: what is read lies between what was surely added and what may have been."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hormesis.checks.parts.amounts import amount_of
from hormesis.checks.parts.readings import Readings
from hormesis.checks.parts.unrecorded import unrecorded
from hormesis.record.keys import Names
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
Floats = NDArray[np.float64]
Key = tuple[Scalar, ...]


@dataclass
class _Adds:
    """The additions to one counter that may have happened; columns of equal length."""

    number: array[int] = field(default_factory=lambda: array("q"))
    sent: array[float] = field(default_factory=lambda: array("d"))
    sure: array[float] = field(default_factory=lambda: array("d"))
    """When each had surely happened; never, for one that ended ``info``."""
    amount: array[float] = field(default_factory=lambda: array("d"))
    """NaN when nobody recorded how much."""


@dataclass
class _Reads:
    """The reads of one counter; columns of equal length."""

    place: array[int] = field(default_factory=lambda: array("q"))
    start: array[float] = field(default_factory=lambda: array("d"))
    end: array[float] = field(default_factory=lambda: array("d"))
    value: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True)
class _Bounds:
    """What each read of one counter may have found at least and at most."""

    least: Floats
    most: Floats
    sure: NDArray[np.bool_]
    """Whether something had surely been added before it began."""
    slack: float


class Counter(Check):
    """Every read of a counter lies between what was surely added and what may have been added.

    At least: what ``ok`` operations added that had ended before the read began. At most: what
    was added by operations that began before the read ended, those too that ended ``info``. What
    ended ``fail`` added nothing. Amounts below zero take away, and move the bounds the other way
    round. A read that nothing had been surely added before shows no loss. After the *counter*
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
    start: float = 0.0
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
        adds, undecided, counted = self._adds(history)
        readings = Readings(history, (self.of,))
        reads = self._reads(readings)
        count = sum(len(one.place) for one in reads.values())
        doubt: dict[str, Any] = {"undecided": undecided, "without_value": readings.blind}
        if not count:
            return self.verdict(Outcome.UNKNOWN, readings.why_none(self.value), **doubt)
        if not counted:
            names = " or ".join(repr(name) for name in self.added_by)
            why = f"no operation {names} ended ok; {undecided} are undecided"
            return self.verdict(Outcome.UNKNOWN, why, reads=count, **doubt)
        findings: list[Finding] = []
        unclear = telling = bad = 0
        lacking = unrecorded(history)
        for key, its in reads.items():
            bounds = self._bounds(adds.get(key, _Adds()), its)
            below = np.asarray(its.value) < bounds.least - bounds.slack
            above = np.asarray(its.value) > bounds.most + bounds.slack
            if lacking:
                unclear += int(above.sum())
                above[:] = False
            telling += int(bounds.sure.sum())
            wrong = np.flatnonzero(below | above)
            bad += len(wrong)
            findings += [
                self._finding(key, its, bounds, int(row), readings)
                for row in wrong[: _LISTED_MAX - len(findings)]
            ]
        outcome, told = self._outcome(findings, bad, count, unclear, telling, lacking)
        return self.verdict(
            outcome,
            told,
            findings,
            reads=count,
            added=counted,
            wrong=bad,
            **doubt,
        )

    def _outcome(
        self,
        findings: Sequence[Finding],
        bad: int,
        count: int,
        unclear: int,
        telling: int,
        lacking: str,
    ) -> tuple[Outcome, str]:
        if findings:
            told = f"{bad} of {count} reads are wrong: {findings[0].sentence}"
            return Outcome.FAIL, told
        if unclear:
            told = f"{unclear} of {count} reads found more than is known of: {lacking}"
            return Outcome.UNKNOWN, told
        if not telling:
            why = f"none of {count} reads began after something had been added"
            return Outcome.UNKNOWN, why
        return Outcome.PASS, f"{count} reads within their bounds"

    def _adds(self, history: History) -> tuple[dict[Key, _Adds], int, int]:
        """Return what may have been added, by counter; how many ended ``info``, and ``ok``."""
        adds: dict[Key, _Adds] = {}
        undecided = counted = 0
        for name in self.added_by:
            for op in history.ops_named(name):
                undecided += op.outcome is Ended.INFO
                amount = amount_of(op.value.get(self.amount)) if self.amount else 1.0
                # Who did not add ended ok without an amount; of info nobody knows it.
                if op.outcome is Ended.FAIL or (amount is None and op.outcome is Ended.OK):
                    continue
                key = tuple(op.value.get(part) for part in self.per)
                one = adds.setdefault(key, _Adds())
                one.number.append(op.number)
                one.sent.append(op.sent)
                one.sure.append(op.ended if op.outcome is Ended.OK else float("inf"))
                one.amount.append(float("nan") if amount is None else float(amount))
                counted += op.outcome is Ended.OK
        return adds, undecided, counted

    def _reads(self, readings: Readings) -> dict[Key, _Reads]:
        reads: dict[Key, _Reads] = {}
        for reading in readings:
            rows: Sequence[Mapping[str, Scalar]] = reading.rows or (reading.fields,)
            for row in rows:
                value = amount_of(row.get(self.value))
                if value is None:
                    continue
                one = reads.setdefault(tuple(row.get(part) for part in self.per), _Reads())
                one.place.append(reading.place)
                one.start.append(reading.start)
                one.end.append(reading.end)
                one.value.append(float(value))
        return reads

    def _bounds(self, adds: _Adds, reads: _Reads) -> _Bounds:
        sent, sure = np.asarray(adds.sent), np.asarray(adds.sure)
        amount = np.asarray(adds.amount)
        unsized = np.isnan(amount)
        more = np.where(unsized, np.inf, np.maximum(amount, 0.0))
        less = np.where(unsized, -np.inf, np.minimum(amount, 0.0))
        start, end = np.asarray(reads.start), np.asarray(reads.end)
        surely = np.isfinite(sure)
        return _Bounds(
            # Reads that began at the very moment are taken as concurrent.
            least=self.start
            + _until(sure[surely], more[surely], start, "left")
            + _until(sent, less, end, "right"),
            most=self.start
            + _until(sent, more, end, "right")
            + _until(sure[surely], less[surely], start, "left"),
            sure=_until(sure[surely], np.ones(int(surely.sum())), start, "left") > 0,
            slack=_slack(amount[~unsized], self.start),
        )

    def _finding(
        self, key: Key, reads: _Reads, bounds: _Bounds, row: int, readings: Readings
    ) -> Finding:
        value, least, most = reads.value[row], bounds.least[row], bounds.most[row]
        which = ", ".join(f"{n} {v}" for n, v in zip(self.per, key, strict=True))
        which = f" of {which}" if which else ""
        bound = (
            f"at least {least:.12g} had been added before"
            if value < least
            else f"at most {most:.12g} can have been added by then"
        )
        place = reads.place[row]
        data: dict[str, Any] = {"value": value, "least": float(least), "most": float(most)}
        data["key"] = dict(zip(self.per, key, strict=True))
        return Finding(
            f"read {value:.12g}{which} {readings.where(place, reads.start[row])}; {bound}",
            (readings.cite(place),),
            data,
        )


def _until(moments: Floats, amounts: Floats, asked: Floats, side: Any) -> Floats:
    """Return for each of *asked* the sum of *amounts* whose *moments* lie before it."""
    order = np.argsort(moments, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(amounts[order])])
    found: Floats = sums[np.searchsorted(moments[order], asked, side=side)]
    return found


def _slack(amounts: Floats, start: float) -> float:
    """Return how much sums of floating numbers may be off; nothing for whole ones."""
    whole = bool(np.all(amounts == np.trunc(amounts))) and start == int(start)
    return 0.0 if whole else 1e-9 * max(1.0, float(np.abs(amounts).sum()) + abs(start))
