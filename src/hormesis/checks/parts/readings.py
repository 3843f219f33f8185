"""Readings: what was read of the world, by operations that ended ``ok`` or by a probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hormesis.checks.parts.cut_list import is_cut
from hormesis.words.history import History, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended


@dataclass(frozen=True, slots=True)
class Reading:
    """What one operation or one observation read; ``start`` and ``end`` in seconds of the run.

    ``place`` is the operation's number, or less than 0 for an observation; :meth:`Readings.cite`
    says it. ``whole`` is False for a list that was cut short: absence from it proves nothing.
    """

    place: int
    user: int
    start: float
    end: float
    fields: Mapping[str, Scalar]
    rows: Sequence[Mapping[str, Scalar]] = ()
    whole: bool = True

    def cells(self, column: str) -> list[Scalar] | None:
        """Return what stands in *column*: of its rows, or the field; None if it says nothing."""
        if self.rows:
            cells = [row[column] for row in self.rows if column in row]
            return cells or None
        field = self.fields.get(column)
        if field is not None:
            # What a probe read from one place, and was empty there, is nothing.
            return [] if self.place < 0 and field == "" else [field]
        return [] if self.place < 0 and self.fields.get("count") == 0 else None

    def named(self, name: str) -> Scalar:
        """Return a field; ``user`` is the virtual user's number unless there is one called so."""
        return self.fields.get(name, self.user if name == "user" else None)


class Readings:
    """The readings of operations or probes called *names*, made one by one.

    While they are gone through, ``undecided`` counts operations that ended ``info`` and ``blind``
    observations without a value.
    """

    def __init__(self, history: History, names: Sequence[str]) -> None:
        self._history = history
        self._names = tuple(names)
        self._looks: list[ProbeRecord] = [
            one for name in self._names for one in history.observations(name)
        ]
        self.undecided = 0
        self.blind = 0

    def __iter__(self) -> Iterator[Reading]:
        self.undecided = self.blind = 0
        for index, one in enumerate(self._looks, 1):
            if one.reason:
                self.blind += 1
                continue
            ended = one.time + one.took_s
            yield Reading(-index, 0, one.time, ended, one.fields, one.rows, not is_cut(one))
        for name in self._names:
            for op in self._history.ops_named(name):
                self.undecided += op.outcome is Ended.INFO
                if op.outcome is Ended.OK:
                    yield Reading(op.number, op.user, op.sent, op.ended, op.value)

    @property
    def told(self) -> str:
        """Return the names, for sentences."""
        return " or ".join(repr(name) for name in self._names)

    def cite(self, place: int) -> str:
        """Return how a finding cites the reading at *place*."""
        if place > 0:
            return f"op {place}"
        one = self._looks[-place - 1]
        return f"{one.probe} at {one.time:.3f} s"

    def where(self, place: int, moment: float) -> str:
        """Return the same for a sentence, with the moment at which it began."""
        return f"at {moment:.3f} s (op {place})" if place > 0 else f"at {moment:.3f} s"

    def why_none(self, wanted: str) -> str:
        """Return why there was none that had *wanted*; call it after going through them."""
        if self._looks and self.blind == len(self._looks):
            return f"no observation of {self.told} had a value: {self._looks[-1].reason}"
        told = f"nothing called {self.told} ended ok with {wanted}"
        return f"{told}; {self.undecided} are undecided"
