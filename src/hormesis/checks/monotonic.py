"""``monotonic: READ``: in real time, what is read or assigned only ever rises."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hormesis.checks.parts.amounts import amount_of
from hormesis.checks.parts.readings import Readings
from hormesis.record.keys import Names, NumberText, Text, group_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
Key = tuple[str | None, ...]
Version = tuple[int, ...]
Sort = Literal["auto", "number", "version", "text"]
_VERSION = re.compile(r"[vV]?(\d+(?:\.\d+)*)")


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
    Values are numbers, versions (``1.10.2``, ``v9``) or, when none is either, texts. Texts such as
    ``1.9`` and ``1.10`` may be numbers or versions: where the two orders differ and `as` does not
    say which, it is unknown, but for what a race returned as a text, which is a version. With
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
    as_: Annotated[Sort, Field(alias="as")] = "auto"
    """What the values are; left out: told from how they are written."""
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
        values = {value for one in groups.values() for value in one.value}
        ranks, why = _ranks(values, self.as_)
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
                key = group_of(
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


def _ranks(values: set[Scalar], sort: Sort) -> tuple[Mapping[Scalar, int], str]:
    """Return each value's place in their order, or why they have none."""
    numbers = {value: amount_of(value) for value in values}
    versions = {value: _version(value) for value in values}
    chosen, why = (sort, "") if sort != "auto" else _sort_of(numbers, versions)
    if chosen == "text":
        return ({}, why) if why else (_places({value: str(value) for value in values}), "")
    ranked: Mapping[Scalar, Any] = numbers if chosen == "number" else versions
    odd = [value for value, rank in ranked.items() if rank is None]
    if odd and not why:
        why = f"{odd[0]!r} is no {chosen}"
    return ({}, why) if why else (_places(ranked), "")


def _sort_of(
    numbers: Mapping[Scalar, Decimal | None], versions: Mapping[Scalar, Version | None]
) -> tuple[Sort, str]:
    """Return what the values are, and why that cannot be told."""
    are_numbers = None not in numbers.values()
    are_versions = None not in versions.values()
    if are_numbers and are_versions:
        if any(isinstance(value, float | NumberText) for value in numbers):
            return "number", ""
        if any(isinstance(value, Text) and "." in value for value in numbers):
            return "version", ""
        if _places(numbers) == _places(versions):
            return "number", ""
        return "number", (
            f"{_example(numbers)} may be numbers or versions, which have another order; say "
            "`as: number` or `as: version`"
        )
    if are_numbers or are_versions:
        return "number" if are_numbers else "version", ""
    neither = [one for one in numbers if numbers[one] is None and versions[one] is None]
    if len(neither) == len(numbers):
        return "text", ""
    other = next(one for one in numbers if not neither or one not in neither)
    odd = neither[0] if neither else next(one for one in numbers if versions[one] is None)
    return "text", f"{odd!r} and {other!r} have no order; say `as: text` if they are texts"


def _example(values: Iterable[Scalar]) -> str:
    dotted = sorted({str(value) for value in values if "." in str(value)}, key=len)
    return f"values such as {dotted[-1]!r}"


def _places(ranked: Mapping[Scalar, Any]) -> dict[Scalar, int]:
    places = {rank: place for place, rank in enumerate(sorted(set(ranked.values())))}
    return {value: places[rank] for value, rank in ranked.items()}


def _version(value: Scalar) -> Version | None:
    match = _VERSION.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    return tuple(int(part) for part in match[1].split(".")) if match else None
