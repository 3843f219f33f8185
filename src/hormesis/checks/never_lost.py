"""``never: lost``: everything that was acknowledged can be found again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hormesis.checks.parts.found_again import FoundAgain, found_again
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.record.keys import parts_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200


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
            why = told_none_ok(history, [self.of], undecided, self.key)
            return self.verdict(Outcome.UNKNOWN, why, undecided=undecided)
        found = found_again(history, self.found_in, self.column or self.key, self.split)
        if found.why:
            return self.verdict(Outcome.UNKNOWN, found.why, acknowledged=len(sent))
        missing = {key: op for key, op in sent.items() if key not in found.count}
        lost = {
            key: op
            for key, op in missing.items()
            if found.complete and op.ended <= found.until and key not in found.undecided
        }
        late = len(missing) - len(lost)
        findings = [self._finding(key, op, found) for key, op in list(lost.items())[:_LISTED_MAX]]
        told = [f"{len(lost)} of {len(sent)} lost"] if lost else []
        told += [f"{late} of {len(sent)} cannot be decided{found.cut}"] if late else []
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

    def _finding(self, key: str, op: Op, found: FoundAgain) -> Finding:
        noun = self.noun or self.key.capitalize()
        return Finding(
            f"{noun} {key} was acknowledged at {op.ended:.1f} s (op {op.number}) "
            f"and is not in {self.found_in}",
            (f"op {op.number}", found.cite),
            {"key": key, "op": op.number},
        )
