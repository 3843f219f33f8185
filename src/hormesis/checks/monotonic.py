"""``monotonic: READ``: in real time, what is read or assigned only ever rises."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hormesis.checks.parts.amounts import amount_of
from hormesis.checks.parts.readings import Readings
from hormesis.record.keys import Names
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
Key = tuple[Scalar, ...]
Rank = tuple[Decimal, ...] | str
"""What is compared: numbers, the parts of a dotted version, or a text."""


@dataclass
class _Group:
    """What was read of one key; columns of equal length."""

    place: array[int] = field(default_factory=lambda: array("q"))
    start: array[float] = field(default_factory=lambda: array("d"))
    end: array[float] = field(default_factory=lambda: array("d"))
    value: list[Scalar] = field(default_factory=list)


@dataclass(frozen=True)
class _Order:
    """Which of a group follow another in real time, and which of them go back, after which."""

    following: int
    wrong: NDArray[Any]
    before: NDArray[Any]


class Monotonic(Check):
    """Of two reads one after the other, the later one never finds less.

    One is after another when it began after that had ended; reads that overlap may find anything.
    Values are numbers, dotted versions (``1.10.2``) or, when none is a number, texts. With
    ``strict``, each must be more than the last, as of numbers that are assigned; that two that
    overlap got the same is what ``never: duplicate`` finds. When no two follow one another, it is
    unknown. What ended ``info`` or ``fail`` says nothing. This is *monotonic reads* of Terry and
    others (1994), for each key across all users, or with ``per: user`` for each session.
    """

    shorthand: ClassVar[str] = "of"
    judges_live: ClassVar[bool] = True
    refers: ClassVar[Mapping[str, str]] = {"of": "probe-or-op"}

    of: Names
    """The operation or probe that reads or assigns; several may follow each other."""
    value: str = Field(default="value", min_length=1)
    """The field that holds what must rise."""
    per: Names = ()
    """Fields of what each is judged for itself, such as a branch; `user` is the virtual user."""
    strict: bool = False
    """Whether finding the same again is wrong, too."""
    advice: str = (
        "Take the next number where it is stored (a sequence, or UPDATE … RETURNING under a row "
        "lock), and read from where was written, or wait until the copy has caught up."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        per = f" per {' and '.join(self.per)}" if self.per else ""
        how = "always more" if self.strict else "never less"
        return f"{how} {self.value} of {' and '.join(self.of)}{per}"

    def judge(self, history: History) -> Verdict:
        """Fail with each read that went back."""
        readings = Readings(history, self.of)
        groups = self._groups(readings)
        count = sum(len(one.place) for one in groups.values())
        doubt: dict[str, Any] = {"undecided": readings.undecided, "without_value": readings.blind}
        if not count:
            return self.verdict(Outcome.UNKNOWN, readings.why_none(self.value), **doubt)
        ranks, why = _ranks({value for one in groups.values() for value in one.value})
        if why:
            return self.verdict(Outcome.UNKNOWN, why, reads=count, **doubt)
        findings: list[Finding] = []
        following = bad = 0
        for key, group in groups.items():
            order = self._order(group, np.array([ranks[value] for value in group.value]))
            following += order.following
            bad += len(order.wrong)
            findings += [
                self._finding(key, group, int(row), int(order.before[row]), readings)
                for row in order.wrong[: _LISTED_MAX - len(findings)]
            ]
        if not following:
            why = f"no two of {count} follow one another, of one {' and '.join(self.per) or 'key'}"
            return self.verdict(Outcome.UNKNOWN, why, reads=count, **doubt)
        findings.sort(key=lambda one: float(one.data["time_s"]))
        told = f"{following} followed another, none of them with less"
        if findings:
            told = f"{bad} of {following} went back: {findings[0].sentence}"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.PASS,
            told,
            findings,
            reads=count,
            keys=len(groups),
            following=following,
            wrong=bad,
            **doubt,
        )

    def _groups(self, readings: Readings) -> dict[Key, _Group]:
        groups: dict[Key, _Group] = {}
        for reading in readings:
            for row in reading.rows or (reading.fields,):
                value = row.get(self.value)
                if value is None or value == "":
                    continue
                key = tuple(
                    row.get(part, reading.user if part == "user" else None) for part in self.per
                )
                one = groups.setdefault(key, _Group())
                one.place.append(reading.place)
                one.start.append(reading.start)
                one.end.append(reading.end)
                one.value.append(value)
        return groups

    def _order(self, group: _Group, rank: NDArray[Any]) -> _Order:
        """Compare each with the greatest of those that had ended when it began.

        Sorted by their ends, the greatest so far is known for each moment, so that one search per
        read is enough.
        """
        start, end = np.asarray(group.start), np.asarray(group.end)
        by_end = np.argsort(end, kind="stable")
        sorted_rank = rank[by_end]
        greatest = np.maximum.accumulate(sorted_rank)
        # Where the greatest so far stands: the place at which it was last raised.
        raised = np.concatenate([[True], sorted_rank[1:] > greatest[:-1]])
        at = np.maximum.accumulate(np.where(raised, np.arange(len(rank)), 0))
        ended = np.searchsorted(end[by_end], start, side="left")
        follows = ended > 0
        last = np.maximum(ended - 1, 0)
        less = rank <= greatest[last] if self.strict else rank < greatest[last]
        return _Order(int(follows.sum()), np.flatnonzero(follows & less), by_end[at[last]])

    def _finding(
        self, key: Key, group: _Group, row: int, before: int, readings: Readings
    ) -> Finding:
        later, earlier = group.place[row], group.place[before]
        named = [f"{name} {part}" for name, part in zip(self.per, key, strict=True)]
        return Finding(
            f"{self.value} {group.value[row]}{' of ' if named else ''}{', '.join(named)} "
            f"{readings.where(later, group.start[row])} after {group.value[before]} "
            f"{readings.where(earlier, group.start[before])}",
            (readings.cite(later), readings.cite(earlier)),
            {
                "value": group.value[row],
                "before": group.value[before],
                "key": dict(zip(self.per, key, strict=True)),
                "time_s": group.start[row],
            },
        )


def _ranks(values: set[Scalar]) -> tuple[Mapping[Scalar, int], str]:
    """Return each value's place in their order, or why they have none."""
    ranked = {value: _rank(value) for value in values}
    texts = [value for value, rank in ranked.items() if isinstance(rank, str)]
    if texts and len(texts) < len(ranked):
        number = next(value for value, rank in ranked.items() if not isinstance(rank, str))
        return {}, f"{texts[0]!r} and {number!r} have no order"
    places: dict[Rank, int] = {}
    ordered: list[Any] = sorted(set(ranked.values()))
    for rank in ordered:
        places[rank] = len(places)
    return {value: places[rank] for value, rank in ranked.items()}, ""


def _rank(value: Scalar) -> Rank:
    number = amount_of(value)
    if number is not None:
        return (number,)
    text = str(value)
    parts: Sequence[str] = text.removeprefix("v").split(".")
    if len(parts) > 1 and all(part.isdecimal() for part in parts):
        return tuple(Decimal(part) for part in parts)
    return text
