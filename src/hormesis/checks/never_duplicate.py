"""``never: duplicate``: no two successful operations are about the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.record.keys import Key, Names, key_of
from hormesis.record.op_table import table_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

_CITED_MAX = 20
_NAMED_MAX = 6


class NeverDuplicate(Check):
    """No two ``ok`` operations of one name share the same key.

    An operation that ended ``info`` is no duplicate, because a time-out is not a race; it is
    counted as undecided. Operations whose value lacks the key were about nothing ("no job there")
    and do not count. An empty text is a key. Keys are the same when they are written the same: 1,
    ``"1"`` and 1.0 are one key, true and 1 are two.
    """

    judges_live: ClassVar[bool] = True

    refers: ClassVar[Mapping[str, str]] = {"of": "op"}

    of: str
    """The operation's name; `load.name` restricts it to one load."""
    key: Names
    """The fields of the operation's value that must not repeat together."""
    by: str = ""
    """The field that says who did it; left out: the virtual user's number."""
    noun: str = ""
    """What the key names, in findings; left out: the first field's name, capitalised."""
    did: str = ""
    """What was done, in findings, such as `claimed`; left out: formed from the operation."""
    advice: str = (
        "Claim with row locks that skip locked rows (SELECT … FOR UPDATE SKIP LOCKED) inside the "
        "same transaction, and add a unique constraint, so that a race cannot be won twice."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"no duplicate {self.of} of {' and '.join(self.key)}"

    def judge(self, history: History) -> Verdict:
        """Fail with one finding per key that was taken more than once."""
        # Numbers only: operations as values would need ten times the memory.
        taken: dict[Key, int] = {}
        again: dict[Key, list[int]] = {}
        undecided = ok = 0
        for op in history.ops_named(self.of):
            undecided += op.outcome is Ended.INFO
            key = key_of(op.value, self.key) if op.outcome is Ended.OK else None
            if key is not None:
                ok += 1
                first = taken.setdefault(key, op.number)
                if first != op.number:
                    again.setdefault(key, [first]).append(op.number)
        if not ok:
            why = told_none_ok(history, [self.of], undecided, ", ".join(self.key))
            return self.verdict(Outcome.UNKNOWN, why, ok=0, undecided=undecided)
        ops = _numbered(history, [number for each in again.values() for number in each])
        findings = [
            self._finding(key, [ops[number] for number in again[key]])
            for key in taken
            if key in again
        ]
        open_ones = f"; {undecided} undecided" if undecided else ""
        told = f"{ok} times, each of {len(taken)} once"
        if findings:
            told = f"{len(findings)} of {len(taken)} more than once: {findings[0].sentence}"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.PASS,
            told + open_ones,
            findings,
            ok=ok,
            keys=len(taken),
            duplicates=len(findings),
            undecided=undecided,
        )

    def _finding(self, key: Key, ops: Sequence[Op]) -> Finding:
        noun = self.noun or self.key[0].capitalize()
        rest = zip(self.key[1:], key[1:], strict=True)
        also = ", ".join(f"{name} {value}" for name, value in rest)
        who = [op.value.get(self.by, "?") if self.by else op.user for op in ops]
        told = ", ".join(str(one) for one in who[:_NAMED_MAX])
        told += f" and {len(who) - _NAMED_MAX} more" if len(who) > _NAMED_MAX else ""
        did = self.did or _past_of(self.of.rpartition(".")[2])
        return Finding(
            f"{noun} {key[0]}{f' ({also})' if also else ''} {did} {len(ops)} times, "
            f"by {self.by or 'user'}s {told}",
            tuple(f"op {op.number}" for op in ops[:_CITED_MAX]),
            {
                "key": {name: ops[0].value[name] for name in self.key},
                "ops": [op.number for op in ops],
                "by": who,
            },
        )


def _numbered(history: History, numbers: Sequence[int]) -> Mapping[int, Op]:
    """Return the operations that have these numbers."""
    table = table_of(history.ops)
    return {op.number: op for op in table.where(np.isin(table.number, numbers))}


def _past_of(verb: str) -> str:
    """Return the participle of a verb that certainly is regular, else a phrase around it."""
    regular = {"claim": "claimed", "submit": "submitted", "assign": "assigned", "send": "sent"}
    return regular.get(verb) or (f"{verb}d" if verb.endswith("e") else f"had {verb!r} succeed")
