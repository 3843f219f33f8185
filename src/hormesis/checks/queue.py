"""``queue: DEQUEUE``: what comes out went in, comes out once, and nothing stays behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from hormesis.checks.parts.found_again import Shown, found_again, looks_at
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.checks.parts.unrecorded import unrecorded
from hormesis.record.keys import Names, parts_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
NEVER = float("inf")
_CITED_MAX = 6


@dataclass
class _Item:
    """What is known of one item; moments in seconds of the run."""

    put: list[int] = field(default_factory=list)
    """The operations that put it in, or may have."""
    surely: int = 0
    """How many of them ended ``ok``."""
    asked: float = NEVER
    """When the first attempt began that may have put it in."""
    known: float = NEVER
    """The end of the first that did."""
    refused: int = 0
    """An operation that did not put it in."""
    taken: list[int] = field(default_factory=list)
    maybe_taken: bool = False
    taken_from: float = NEVER
    taken_by: float = NEVER
    """The beginning and the end of the first that took it out."""
    gone: list[float] = field(default_factory=list)
    """The ends of those that took it out."""


@dataclass
class _Queue:
    """What went through it."""

    items: dict[str, _Item]
    undecided: int = 0
    empty: list[Op] = field(default_factory=list)
    """Those that found nothing to take."""
    open: list[Op] = field(default_factory=list)
    """Those that did not end ``ok``, and may have held something meanwhile."""
    blanks: int = 0
    """How many ended ``info`` without saying what they took."""
    batches: bool = False
    """Whether one may take several."""


@dataclass(frozen=True)
class _Losses:
    """Which items are surely lost, how many of the others cannot be decided, and why."""

    lost: Sequence[str]
    unclear: int
    why: str
    cite: str


class Queue(Check):
    """Every item that comes out was put in, comes out once, and each that was put in comes out.

    *Unexpected* is what came out before anybody tried to put it in, or was only ever refused, or
    is left though nobody tried; *repeated* what came out, and is still left, more often than it may
    have been put in; *lost* what was surely put in
    and never came out, though the queue was drained: an ``ok`` operation took nothing after that,
    while none was under way that failed later, or `left_in` lists what is left. A dequeue that
    ended ``info`` may have taken an item with it. Without proof of an empty queue a missing item is
    unknown. With ``order: fifo``, of two that were put in one after the other, the second never
    comes out before the first. After the *queue* and *total-queue* checkers of Jepsen.
    """

    shorthand: ClassVar[str] = "of"
    refers: ClassVar[Mapping[str, str]] = {
        "of": "op",
        "added_by": "op",
        "left_in": "probe-or-op",
    }

    of: Names
    """The operations that take items out; one without the key found the queue empty."""
    added_by: Names
    """The operations that put items in."""
    key: str
    """The field of both that says which item; several may stand in a list."""
    left_in: str = ""
    """A probe or an operation that lists what is left in the queue at the end."""
    column: str = ""
    """The field in which it lists them; left out: the same name as `key`."""
    split: str = ""
    """What separates several items in one field, such as `,`."""
    order: Literal["any", "fifo"] = "any"
    """Whether items come out in the order in which they were put in."""
    noun: str = ""
    """What an item is, in findings; left out: the key's name, capitalised."""
    advice: str = (
        "Take an item and do its work in one transaction (SELECT … FOR UPDATE SKIP LOCKED), or "
        "give it a lease that runs out, so that it comes back once when its taker dies."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        order = " in order" if self.order == "fifo" else ""
        taken, put = " and ".join(self.of), " and ".join(self.added_by)
        return f"{taken} takes each {self.key} of {put} once{order}"

    def judge(self, history: History) -> Verdict:
        """Fail with each item that is unexpected, repeated, lost or out of order."""
        queue = self._played(history)
        put = sum(one.surely > 0 for one in queue.items.values())
        taken = sum(bool(one.taken) for one in queue.items.values())
        figures: dict[str, Any] = {
            "enqueued": put, "dequeued": taken, "undecided": queue.undecided,
        }  # fmt: skip
        unexpected, repeated = self._left_over(queue, history)
        if not put or not (taken or queue.empty or unexpected or repeated):
            names = self.of if put else self.added_by
            why = told_none_ok(history, names, queue.undecided)
            return self.verdict(Outcome.UNKNOWN, why, **figures)
        lacking = unrecorded(history)
        found = {
            "unexpected": [self._unexpected(*pair) for pair in queue.items.items() if
                           pair[1].taken and pair[1].asked > pair[1].taken_by] + unexpected,
            "repeated": [self._repeated(*pair) for pair in queue.items.items() if
                         _is_repeated(pair[1])] + repeated,
            "out of order": self._disordered(queue) if self.order == "fifo" else [],
        }  # fmt: skip
        losses = self._losses(queue, history)
        found["lost"] = [self._lost(key, queue.items[key], losses) for key in losses.lost]
        figures |= {sort.replace(" ", "_"): len(its) for sort, its in found.items()}
        unclear, why = losses.unclear, losses.why
        if lacking:
            unclear, why = unclear + len(found["unexpected"]), lacking
            found["unexpected"] = []
        findings = [one for its in found.values() for one in its]
        told = [f"{len(its)} {sort}" for sort, its in found.items() if its]
        told += [f"{unclear} of {put} cannot be decided: {why}"] if unclear else []
        return self.verdict(
            Outcome.FAIL if findings else Outcome.UNKNOWN if unclear else Outcome.PASS,
            "; ".join(told) or f"{taken} came out, each once, of {put} put in",
            findings[:_LISTED_MAX],
            **figures,
        )

    def _played(self, history: History) -> _Queue:
        queue = _Queue({})
        for name in self.added_by:
            for op in history.ops_named(name):
                queue.undecided += op.outcome is Ended.INFO
                for part in parts_of(op.value.get(self.key), self.split):
                    _put(queue.items.setdefault(part, _Item()), op)
        for name in self.of:
            for op in history.ops_named(name):
                queue.undecided += op.outcome is Ended.INFO
                parts = parts_of(op.value.get(self.key), self.split)
                if parts == [""] and "" not in queue.items:
                    parts = []
                if op.outcome is not Ended.OK:
                    queue.open.append(op)
                    queue.blanks += op.outcome is Ended.INFO and not parts
                elif not parts:
                    queue.empty.append(op)
                queue.batches |= len(parts) > 1
                for part in parts:
                    _take(queue.items.setdefault(part, _Item()), op)
        return queue

    def _losses(self, queue: _Queue, history: History) -> _Losses:
        missing = {
            key: one
            for key, one in queue.items.items()
            if one.surely and not one.taken and not one.maybe_taken
        }
        unclear = sum(
            one.surely > 0 and not one.taken and one.maybe_taken for one in queue.items.values()
        )
        why = "an operation that may have taken it ended info" if unclear else ""
        if self.left_in:
            left = found_again(history, self.left_in, self.column or self.key, self.split)
            if left.why:
                return _Losses((), unclear + len(missing), left.why, "")
            missing = {key: one for key, one in missing.items() if not left.count[key]}
            sure = [
                key
                for key, one in missing.items()
                if left.complete and one.known <= left.until and not left.undecided[key]
            ]
            cite, lacking = left.cite, f"{self.left_in} was read too early or not to its end"
        else:
            empty = _proofs(queue)
            last = max(empty, key=lambda one: one.sent, default=None)
            drained = last.sent if last else -NEVER
            sure = [key for key, one in missing.items() if one.known < drained]
            cite = f"op {last.number}" if last else ""
            lacking = "nothing shows that the queue was drained"
        if queue.blanks and (queue.batches or len(sure) <= queue.blanks):
            sure, lacking = [], f"{queue.blanks} that ended info may have taken them"
        rest = len(missing) - len(sure)
        return _Losses(sure, unclear + rest, lacking if rest else why, cite)

    def _left_over(self, queue: _Queue, history: History) -> tuple[list[Finding], list[Finding]]:
        """Return what is left though it was never put in, and though it came out already."""
        unexpected: dict[str, Finding] = {}
        repeated: dict[str, Finding] = {}
        if not self.left_in:
            return [], []
        for look in looks_at(history, self.left_in, self.column or self.key, self.split):
            for key, count in look.count.items():
                one = queue.items.get(key, _Item())
                if one.asked == NEVER:
                    if not one.taken:
                        unexpected.setdefault(key, self._left(key, one, count, look))
                elif not _is_repeated(one):
                    gone = sum(end <= look.start for end in one.gone)
                    if count + gone > len(one.put):
                        repeated.setdefault(key, self._left(key, one, count, look))
        return list(unexpected.values()), list(repeated.values())

    def _disordered(self, queue: _Queue) -> list[Finding]:
        """Return each item that came out before one that had been put in before it.

        Sorted by when they were surely in, the latest beginning of a dequeue so far is known for
        each moment; an item that came out wholly before that has overtaken.
        """
        items = [
            (key, one)
            for key, one in queue.items.items()
            if len(one.put) == 1 and one.surely == 1 and len(one.taken) == 1
        ]
        items.sort(key=lambda pair: pair[1].known)
        if len(items) < 2:
            return []
        known = np.array([one.known for _, one in items])
        start = np.array([one.taken_from for _, one in items])
        latest = np.maximum.accumulate(start)
        raised = np.concatenate([[True], start[1:] > latest[:-1]])
        at = np.maximum.accumulate(np.where(raised, np.arange(len(items)), 0))
        before = np.searchsorted(known, [one.asked for _, one in items], side="left")
        findings = []
        for (key, one), count in zip(items, before.tolist(), strict=True):
            if count and latest[count - 1] > one.taken_by:
                first, its = items[at[count - 1]]
                findings.append(self._overtaken(key, one, first, its))
        return findings

    def _unexpected(self, key: str, one: _Item) -> Finding:
        why = f"was refused (op {one.refused})" if one.refused else "was not put in before"
        cites = [one.taken[0], *one.put[:1], *([one.refused] if one.refused else [])]
        return self._finding(key, f"came out (op {one.taken[0]}) and {why}", cites, "unexpected")

    def _repeated(self, key: str, one: _Item) -> Finding:
        ops = ", ".join(f"op {number}" for number in one.taken[:_CITED_MAX])
        return self._finding(
            key, f"came out {len(one.taken)} times ({ops})", [*one.put[:1], *one.taken], "repeated"
        )

    def _left(self, key: str, one: _Item, count: int, look: Shown) -> Finding:
        times = f" {count} times" if count > 1 else ""
        if one.asked == NEVER:
            refused = f"was refused (op {one.refused})" if one.refused else "was never put in"
            told, sort = f"is left{times} and {refused}", "unexpected"
            ops = [one.refused] if one.refused else []
        else:
            taken = ", ".join(f"op {number}" for number in one.taken[:_CITED_MAX])
            told = f"is left{times}" + (f" and came out ({taken})" if taken else "")
            sort, ops = "repeated", [*one.put[:1], *one.taken]
        return self._finding(key, told, ops, sort, look.cite)

    def _lost(self, key: str, one: _Item, losses: _Losses) -> Finding:
        told = f"was put in by {one.known:.3f} s (op {one.put[0]}) and never came out"
        return self._finding(key, told, one.put[:1], "lost", losses.cite)

    def _overtaken(self, key: str, one: _Item, first: str, its: _Item) -> Finding:
        told = (
            f"(put in by op {one.put[0]}) came out (op {one.taken[0]}) before {first}, which went "
            f"in earlier (op {its.put[0]}) and came out later (op {its.taken[0]})"
        )
        return self._finding(key, told, [one.put[0], one.taken[0], its.put[0], its.taken[0]],
                             "out of order")  # fmt: skip

    def _finding(
        self, key: str, told: str, ops: Sequence[int], sort: str, cite: str = ""
    ) -> Finding:
        noun = self.noun or self.key.capitalize()
        cites = [f"op {number}" for number in ops[:_CITED_MAX]] + ([cite] if cite else [])
        return Finding(f"{noun} {key} {told}", tuple(cites), {"key": key, "sort": sort})


def _is_repeated(one: _Item) -> bool:
    return len(one.taken) > max(1, len(one.put))


def _put(one: _Item, op: Op) -> None:
    if op.outcome is Ended.FAIL:
        one.refused = one.refused or op.number
        return
    one.put.append(op.number)
    one.asked = min(one.asked, op.sent)
    if op.outcome is Ended.OK:
        one.surely += 1
        one.known = min(one.known, op.ended)


def _take(one: _Item, op: Op) -> None:
    if op.outcome is Ended.OK:
        one.taken.append(op.number)
        one.gone.append(op.ended)
        if op.ended < one.taken_by:
            one.taken_from, one.taken_by = op.sent, op.ended
    elif op.outcome is Ended.INFO:
        one.maybe_taken = True


def _proofs(queue: _Queue) -> list[Op]:
    """Return those that found the queue empty while nothing could hold an item back.

    A dequeue that was under way and did not end ``ok`` may have locked one and put it back.
    """
    held = sorted((one.sent, one.ended) for one in queue.open if one.outcome is Ended.FAIL)
    starts = np.array([start for start, _ in held])
    latest = np.maximum.accumulate([end for _, end in held]) if held else np.array([])
    proofs = []
    for one in queue.empty:
        count = int(np.searchsorted(starts, one.ended, side="right"))
        if not count or latest[count - 1] < one.sent:
            proofs.append(one)
    return proofs
