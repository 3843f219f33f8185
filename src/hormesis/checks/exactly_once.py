"""``exactly: once``: each acknowledged request has one effect, not none and not two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from hormesis.checks.parts.found_again import FoundAgain, found_again
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.record.keys import parts_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200


@dataclass
class _Requests:
    """The first operation of each key, by the best end that any operation of that key had."""

    ok: dict[str, Op] = field(default_factory=dict)
    info: dict[str, Op] = field(default_factory=dict)
    fail: dict[str, Op] = field(default_factory=dict)


class ExactlyOnce(Check):
    """Every key of an ``ok`` operation has exactly one effect; one that ended ``info`` at most one.

    An effect is a row of a probe's last observation that had a value, or an ``ok`` operation of
    another name. A key that is asked for again, after a time-out or an error, is one request. None
    found is *lost*, more than one is *repeated*. What was acknowledged after the last look, is
    missing from a list that was cut short, or may have had another effect in an operation that
    ended ``info``, is unknown. Effects of keys that nobody asked for are none of its business.
    """

    shorthand: ClassVar[str] = "of"
    refers: ClassVar[Mapping[str, str]] = {"of": "op", "found_in": "probe-or-op"}

    of: str
    """The operation that asks and is acknowledged, such as `pay`."""
    key: str
    """The field of its value that names the request, such as an idempotency key."""
    found_in: str
    """A probe whose rows are the effects, or an operation each of which is one."""
    column: str = ""
    """The field in which the key is found again; left out: the same name as `key`."""
    split: str = ""
    """What separates several keys in one field, such as `,`."""
    refused: bool = False
    """Whether it fails, too, when a request that only ever ended `fail` has an effect."""
    noun: str = ""
    """What the key names, in findings; left out: the field's name, capitalised."""
    advice: str = (
        "Store the request's key under a unique constraint in the same transaction as its effect, "
        "and answer a repeated request with the first one's result."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"each {self.key} of {self.of} exactly once in {self.found_in}"

    def judge(self, history: History) -> Verdict:
        """Fail with every key that has no effect, or more than one."""
        asked = self._requests(history)
        if not asked.ok:
            why = told_none_ok(history, [self.of], len(asked.info), self.key)
            return self.verdict(Outcome.UNKNOWN, why, undecided=len(asked.info))
        found = found_again(history, self.found_in, self.column or self.key, self.split)
        if found.why:
            return self.verdict(Outcome.UNKNOWN, found.why, acknowledged=len(asked.ok))
        repeated = {
            key: op for key, op in {**asked.info, **asked.ok}.items() if found.count[key] > 1
        }
        missing = {key: op for key, op in asked.ok.items() if not found.count[key]}
        lost = {
            key: op
            for key, op in missing.items()
            if found.complete and op.ended <= found.until and not found.undecided[key]
        }
        maybe = [
            key
            for key in asked.ok
            if found.count[key] == 1 and (found.undecided[key] or not found.complete)
        ]
        ghosts = {key: op for key, op in asked.fail.items() if found.count[key]}
        return self._judged(asked, found, repeated, lost, len(missing) - len(lost) + len(maybe),
                            ghosts)  # fmt: skip

    def _judged(
        self,
        asked: _Requests,
        found: FoundAgain,
        repeated: Mapping[str, Op],
        lost: Mapping[str, Op],
        unclear: int,
        ghosts: Mapping[str, Op],
    ) -> Verdict:
        findings = [self._told(key, op, found, "repeated") for key, op in repeated.items()]
        findings += [self._told(key, op, found, "lost") for key, op in lost.items()]
        if self.refused:
            findings += [self._told(key, op, found, "refused") for key, op in ghosts.items()]
        count = len(asked.ok)
        told = [f"{len(repeated)} of {count} more than once"] if repeated else []
        told += [f"{len(lost)} of {count} not at all"] if lost else []
        told += [f"{len(ghosts)} although refused"] if ghosts else []
        told += [f"{unclear} of {count} cannot be decided{found.cut}"] if unclear else []
        fine = "" if findings or unclear else f"each of {count} once"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.UNKNOWN if unclear else Outcome.PASS,
            "; ".join(filter(None, [fine, *told])),
            findings[:_LISTED_MAX],
            acknowledged=count,
            repeated=len(repeated),
            lost=len(lost),
            refused_with_effect=len(ghosts),
            undecided=len(asked.info) + unclear,
        )

    def _requests(self, history: History) -> _Requests:
        asked = _Requests()
        for op in history.ops_named(self.of):
            by_end = {Ended.OK: asked.ok, Ended.INFO: asked.info, Ended.FAIL: asked.fail}
            for part in parts_of(op.value.get(self.key), self.split):
                by_end[op.outcome].setdefault(part, op)
        for key in asked.ok:
            asked.info.pop(key, None)
        for key in (*asked.ok, *asked.info):
            asked.fail.pop(key, None)
        return asked

    def _told(self, key: str, op: Op, found: FoundAgain, what: str) -> Finding:
        noun = self.noun or self.key.capitalize()
        count = found.count[key]
        asked = {Ended.OK: "acknowledged", Ended.INFO: "asked for", Ended.FAIL: "refused"}
        times = "is not there" if not count else f"is there {count} time{'s' * (count != 1)}"
        sentence = (
            f"{noun} {key} was {asked[op.outcome]} at {op.ended:.3f} s (op {op.number}) and "
            f"{times} in {self.found_in}"
        )
        cites = (f"op {op.number}", *(found.cites(key) if count else (found.cite,)))
        return Finding(sentence, cites, {"key": key, "op": op.number, "effects": count,
                                         "was": what})  # fmt: skip
