"""``never: lost``: everything that was acknowledged can be found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from hormesis.record.keys import parts_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History, ProbeRecord
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200


@dataclass
class _Found:
    """What was found again. ``complete`` is False when absence proves nothing."""

    keys: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    until: float = float("inf")
    why: str = ""
    complete: bool = True
    cite: str = ""


class NeverLost(Check):
    """Every key of an ``ok`` operation is found again, by a probe or by another operation.

    With a probe, the last observation that had a value counts: its rows, or its fields, hold the
    keys. What was acknowledged after it, or is missing from a list that was cut short, is unknown.
    With an operation, the keys of its ``ok`` ones count; a key that only appears in one that ended
    ``info`` is unknown. Acknowledgements that ended ``info`` may or may not be there.
    """

    refers: ClassVar[Mapping[str, str]] = {"of": "op", "found_in": "probe-or-op"}

    of: str
    """The operation that acknowledges, such as `submit`."""
    key: str
    """The field of its value that says what."""
    found_in: str
    """A probe's or an operation's name."""
    column: str = ""
    """The field in which it is found again; left out: the same name as `key`."""
    split: str = ""
    """What separates several keys in one field, such as `,`."""
    noun: str = ""
    """What the key names, in findings; left out: the field's name, capitalised."""
    advice: str = (
        "Acknowledge only after the transaction has committed, and hand the work of a dead worker "
        "back to the queue instead of forgetting it."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"no {self.key} of {self.of} lost from {self.found_in}"

    def judge(self, history: History) -> Verdict:
        """Fail with every key that is provably not there."""
        sent, undecided = self._acknowledged(history)
        if not sent:
            why = f"no operation {self.of!r} ended ok with {self.key}; {undecided} are undecided"
            return self.verdict(Outcome.UNKNOWN, why, undecided=undecided)
        found = self._found(history)
        if found.why:
            return self.verdict(Outcome.UNKNOWN, found.why, acknowledged=len(sent))
        missing = {key: op for key, op in sent.items() if key not in found.keys}
        lost = {
            key: op
            for key, op in missing.items()
            if found.complete and op.ended <= found.until and key not in found.undecided
        }
        late = len(missing) - len(lost)
        findings = [self._finding(key, op, found) for key, op in list(lost.items())[:_LISTED_MAX]]
        told = [f"{len(lost)} of {len(sent)} lost"] if lost else []
        told += [f"{late} of {len(sent)} cannot be decided"] if late else []
        return self.verdict(
            Outcome.FAIL if lost else Outcome.UNKNOWN if late else Outcome.PASS,
            "; ".join(told) or f"all {len(sent)} were found again",
            findings,
            acknowledged=len(sent),
            lost=len(lost),
            undecided=undecided + late,
        )

    def _acknowledged(self, history: History) -> tuple[dict[str, Op], int]:
        sent: dict[str, Op] = {}
        undecided = 0
        for op in history.ops_named(self.of):
            undecided += op.outcome is Ended.INFO
            if op.outcome is Ended.OK:
                for part in parts_of(op.value.get(self.key), self.split):
                    sent.setdefault(part, op)
        return sent, undecided

    def _found(self, history: History) -> _Found:
        observations = history.observations(self.found_in)
        if observations:
            return self._found_by_probe(observations)
        ops = list(history.ops_named(self.found_in))
        if not ops:
            why = f"{self.found_in!r} was never observed, and no operation was called so"
            return _Found(why=why)
        found = _Found(cite=self.found_in)
        name = self.column or self.key
        for op in ops:
            parts = parts_of(op.value.get(name), self.split)
            if op.outcome is Ended.OK:
                found.keys.update(parts)
            elif op.outcome is Ended.INFO:
                found.undecided.update(parts)
        return found

    def _found_by_probe(self, observations: Sequence[ProbeRecord]) -> _Found:
        read = [one for one in observations if not one.reason]
        if not read:
            why = f"no observation of {self.found_in!r} had a value: {observations[-1].reason}"
            return _Found(why=why)
        last = read[-1]
        name, count = self.column or self.key, last.fields.get("count")
        cells = [row[name] for row in last.rows if name in row]
        if not last.rows and name in last.fields:
            cells = [last.fields[name]]
        elif not cells and (last.rows or count != 0):
            return _Found(why=f"the observations of {self.found_in!r} hold no {name!r}")
        return _Found(
            keys={part for cell in cells for part in parts_of(cell, self.split)},
            until=last.time,
            complete=not (last.rows and isinstance(count, int) and count > len(last.rows)),
            cite=f"{last.probe} at {last.time:.3f} s",
        )

    def _finding(self, key: str, op: Op, found: _Found) -> Finding:
        noun = self.noun or self.key.capitalize()
        return Finding(
            f"{noun} {key} was acknowledged at {op.ended:.1f} s (op {op.number}) "
            f"and is not in {self.found_in}",
            (f"op {op.number}", found.cite),
            {"key": key, "op": op.number},
        )
