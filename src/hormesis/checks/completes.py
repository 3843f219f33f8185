"""``completes: OPERATION``: what was created is done by a deadline, all of it or a share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from hormesis.checks.parts.completion import Done, Lists, doneness, lists_of
from hormesis.checks.parts.none_ok import told_none_ok
from hormesis.record.extent import due_range
from hormesis.record.keys import parts_of
from hormesis.record.op_table import table_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.end_condition import EarlyEnd, early_end
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.units import Seconds, Share, text_of_seconds

LATE = "late"
"""The remark on a pass in which not enough was done in time, but in the end."""
TOO_GOOD = "too good: the fault may not have bitten, or the work was smaller than stated"
TOO_GOOD_ADVICE = (
    "See whether the fault hit what does the work, and long enough, and whether as much was created"
    " as was meant to be; raise at_most only if the system can really do so well."
)
_LISTED_MAX = 200


@dataclass(frozen=True)
class _Tally:
    """What became of the keys; the lists hold keys."""

    known: Mapping[str, Done]
    in_time: list[str]
    missed: list[str]
    unclear: list[str]
    start: float
    deadline: float
    early: EarlyEnd | None

    @property
    def done(self) -> int:
        return sum(one.seen is not None for one in self.known.values())

    @property
    def maybe_done(self) -> int:
        """How many may have been done in the end, as far as anybody looked."""
        return self.done + sum(self.known[key].seen is None for key in self.unclear)

    def share(self, count: int) -> float:
        return count / len(self.known)


class Completes(Check):
    """Of what was created, a share is seen done by a deadline.

    Every key of an ``ok`` operation counts once, whenever it was created; one that ended ``info``
    promised nothing and is counted as undecided. A key is done at the end of the first observation
    that lists it. One that nobody saw done in time fails only if it was seen missing at the
    deadline, or when the run ended early: after looks without a value, or with a list that was cut
    short, it is unknown. More than ``at_most`` by the deadline fails too. With ``late: pass``, what
    was done only after the deadline counts; that is a pass, shown as ``PASS*`` (*pass, late*).
    """

    shorthand: ClassVar[str] = "of"
    refers: ClassVar[Mapping[str, str]] = {"of": "op", "found_in": "probe", "after": "load"}

    of: str
    """The operation that creates, such as `submit`; `load.name` restricts it to one load."""
    key: str
    """The field of its value that says what."""
    found_in: str
    """The probe whose rows, or field, list what is done."""
    within: Seconds = Field(gt=0)
    """How long it may take, from the start of the tracks or of a load."""
    after: str = ""
    """A load's name: the time counts from when its first arrival was due."""
    column: str = ""
    """The column in which it is listed; left out: the same name as `key`."""
    split: str = ""
    """What separates several keys in one field, such as `,`."""
    at_least: Share = 1.0
    """The share that must be done by the deadline; left out: all of it."""
    at_most: Share = 1.0
    """The share that may be done by the deadline; less than all where harm is expected."""
    late: Literal["pass", "fail"] = "fail"
    """What it is when `at_least` is reached only after the deadline."""
    tagged: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Only operations whose value, or whose tag, has these; each phase can count its own so."""
    noun: str = ""
    """What the key names, in findings; left out: the field's name, capitalised."""
    advice: str = (
        "Look at what the missing ones wait for: hand the work of a dead worker back by a lease "
        "that runs out, retry with backoff, and see that the workers left can do it in time."
    )
    """What to try when it fails."""

    @model_validator(mode="after")
    def _shares_in_order(self) -> Any:
        if self.at_least > self.at_most:
            raise ValueError(
                f"expected at_least to be no more than at_most, found {_percent(self.at_least)}"
                f" and {_percent(self.at_most)}"
            )
        return self

    def describe(self) -> str:
        """Return the claim in words."""
        most = f" to {_percent(self.at_most)}" if self.at_most < 1 else ""
        share = "" if self.at_least == 1 else f"{_percent(self.at_least)}{most} of "
        tags = ", ".join(f"{name} {value}" for name, value in self.tagged.items())
        told = f" ({tags})" if tags else ""
        return f"{share}{self.of}{told} done within {text_of_seconds(self.within)}"

    def judge(self, history: History) -> Verdict:
        """Fail with every key that was not done in time."""
        created, asked, undecided = self._created(history)
        if not created:
            about = f" and {self._tags_told()}" if self.tagged else ""
            why = told_none_ok(history, [self.of], undecided, f"{self.key}{about}")
            return self.verdict(Outcome.UNKNOWN, why, undecided=undecided)
        start, why = self._start(history)
        if why:
            return self.verdict(Outcome.UNKNOWN, why, created=len(created))
        records = history.observations(self.found_in)
        if not records:
            why = f"probe {self.found_in!r} was never observed"
            return self.verdict(Outcome.UNKNOWN, why, created=len(created))
        lists = lists_of(records, self.column or self.key, self.split)
        if lists.why:
            return self.verdict(Outcome.UNKNOWN, lists.why, created=len(created))
        known = dict(zip(created, doneness(created, asked, lists), strict=True))
        tally = self._tally(known, start, lists, early_end(history.end))
        return self._judged(tally, lists, undecided)

    def _created(self, history: History) -> tuple[dict[str, Op], dict[str, float], int]:
        """Return the first ``ok`` operation of each key, when it was first asked for, and more.

        That is how many keys only operations that ended ``info`` were about.
        """
        created: dict[str, Op] = {}
        asked: dict[str, float] = {}
        unsure: set[str] = set()
        for op in history.ops_named(self.of):
            if not self._is_tagged(op):
                continue
            parts = parts_of(op.value.get(self.key), self.split)
            for part in parts:
                asked[part] = min(asked.get(part, op.sent), op.sent)
                if op.outcome is Ended.OK:
                    created.setdefault(part, op)
            if op.outcome is Ended.INFO:
                unsure.update(parts or [f"op {op.number}"])
        return created, asked, len(unsure - created.keys())

    def _is_tagged(self, op: Op) -> bool:
        return all(
            _text(wanted) in (_text(op.value.get(name)), op.tags.get(name))
            for name, wanted in self.tagged.items()
        )

    def _tags_told(self) -> str:
        return ", ".join(f"{name} {_text(value)}" for name, value in self.tagged.items())

    def _start(self, history: History) -> tuple[float, str]:
        """Return from when the time counts, in seconds of the run, or why that is not known."""
        if not self.after:
            window = history.tracks_window
            return (0.0, "the tracks never began") if window is None else (window[0], "")
        table = table_of(history.ops)
        codes = [code for code, label in enumerate(table.labels) if label.load == self.after]
        due = due_range(table.where(np.isin(table.label, np.array(codes, dtype=np.int64))))
        dues = [one.due for one in history.drops if one.load == self.after]
        dues += [due[0]] if due is not None else []
        return (min(dues), "") if dues else (0.0, f"load {self.after!r} did nothing")

    def _tally(
        self, known: Mapping[str, Done], start: float, lists: Lists, early: EarlyEnd | None
    ) -> _Tally:
        deadline = start + self.within
        # Whoever ends a run early says that nothing more is to come.
        bound = deadline if early is None else min(deadline, early.time)
        slack_s = min(lists.interval_s, self.within / 4)
        in_time = [key for key, one in known.items() if one.by(deadline)]
        late = [key for key, one in known.items() if not one.by(deadline)]
        missed = [
            key
            for key in late
            if known[key].missed(bound if known[key].seen is None else deadline, slack_s)
        ]
        unclear = [key for key in late if key not in set(missed)]
        return _Tally(known, in_time, missed, unclear, start, deadline, early)

    def _judged(self, tally: _Tally, lists: Lists, undecided: int) -> Verdict:
        outcome, remark = self._outcome(tally)
        sure = tally.share(len(tally.in_time))
        too_good = sure > self.at_most
        seen = [one.seen for one in tally.known.values() if one.seen is not None]
        figures: dict[str, Scalar] = {
            "created": len(tally.known),
            "done": tally.done,
            "done_in_time": len(tally.in_time),
            "share": round(sure, 6),
            "deadline_s": self.within,
        }
        if seen:
            figures["took_s"] = round(max(seen) - tally.start, 6)
        if undecided:
            figures["undecided"] = undecided
        if self.at_most < 1:
            figures |= {"share_min": self.at_least, "share_max": self.at_most}
        if too_good:
            findings = [self._too_good(tally)]
        else:
            open_ones = tally.unclear if outcome is not Outcome.PASS else []
            listed = [*tally.missed, *(tally.unclear if remark else open_ones)]
            findings = [self._finding(key, tally) for key in listed[:_LISTED_MAX]]
        summary = self._summary(tally, outcome, lists)
        verdict = replace(self.verdict(outcome, summary, findings, **figures), remark=remark)
        return replace(verdict, advice=TOO_GOOD_ADVICE) if too_good else verdict

    def _outcome(self, tally: _Tally) -> tuple[Outcome, str]:
        """Return the outcome and the remark: what is certain, whatever nobody saw."""
        sure = tally.share(len(tally.in_time))
        most = tally.share(len(tally.in_time) + len(tally.unclear))
        if sure > self.at_most:
            return Outcome.FAIL, ""
        if most > self.at_most:
            return Outcome.UNKNOWN, ""
        if sure >= self.at_least:
            return Outcome.PASS, ""
        if self.late == "pass" and tally.share(tally.done) >= self.at_least:
            return Outcome.PASS, LATE
        reach = tally.share(tally.maybe_done) if self.late == "pass" else 0.0
        return (Outcome.FAIL if max(most, reach) < self.at_least else Outcome.UNKNOWN), ""

    def _summary(self, tally: _Tally, outcome: Outcome, lists: Lists) -> str:
        count, allowed = len(tally.known), text_of_seconds(self.within)
        told = f"{len(tally.in_time)} of {count} done within {allowed}{self._band()}"
        seen = [one.seen for one in tally.known.values() if one.seen is not None]
        last = f", the last after {max(seen) - tally.start:.1f} s" if seen else ""
        sure = tally.share(len(tally.in_time))
        if sure > self.at_most:
            return f"{told}; {TOO_GOOD}"
        late = tally.done - len(tally.in_time)
        parts = [f"{late} late"] if late else []
        never = sum(tally.known[key].seen is None for key in tally.missed)
        parts += [f"{never} never seen done"] if never else []
        if outcome is Outcome.UNKNOWN:
            return f"{told}; {len(tally.unclear)} cannot be decided: {self._why(tally, lists)}"
        if outcome is Outcome.FAIL:
            early = tally.early
            ended = f"; the run {early.briefly}" if early and early.time < tally.deadline else ""
            return f"{told}{last}; {', '.join(parts)}{ended}"
        return "; ".join([f"{told}{last}", *parts])

    def _band(self) -> str:
        """Return how many were expected, unless it is all of them."""
        least, most = _percent(self.at_least), _percent(self.at_most)
        if self.at_most < 1:
            return f" ({least} to {most} expected)"
        return "" if self.at_least == 1 else f" (at least {least} expected)"

    def _why(self, tally: _Tally, lists: Lists) -> str:
        """Return why some keys cannot be decided."""
        if any(tally.known[key].stale for key in tally.unclear):
            return "they were listed before they were created, so their names are not their own"
        if lists.cut_short:
            return f"{lists.cut_short} lists of {self.found_in!r} were cut short (rows_max)"
        before, after = lists.gap_at(tally.deadline)
        until = "the end" if after is None else f"{after:.1f} s"
        return (
            f"no look at {self.found_in!r} had a value from {before:.1f} s until {until}, and the"
            f" deadline was at {tally.deadline:.1f} s"
        )

    def _too_good(self, tally: _Tally) -> Finding:
        keys: Sequence[str] = tally.in_time[:_LISTED_MAX]
        last = max((tally.known[key] for key in tally.in_time), key=lambda one: one.seen or 0.0)
        share = _percent(tally.share(len(tally.in_time)))
        return Finding(
            f"{share} were done by {tally.deadline:.1f} s, the last at {last.seen or 0.0:.1f} s",
            (last.cite, f"op {last.op.number}"),
            {"keys": keys, "share": tally.share(len(tally.in_time))},
        )

    def _finding(self, key: str, tally: _Tally) -> Finding:
        one = tally.known[key]
        noun = self.noun or self.key.capitalize()
        how = f"was not seen done (last look: {one.cite})"
        if one.stale:
            how = f"was listed before that ({one.cite})"
        elif one.seen is not None:
            how = f"was seen done at {one.seen:.1f} s, {one.seen - tally.deadline:.1f} s late"
        when = f"was created at {one.op.ended:.1f} s (op {one.op.number})"
        if one.op.sent >= tally.deadline:
            when = f"{when}, after the deadline at {tally.deadline:.1f} s,"
        return Finding(
            f"{noun} {key} {when} and {how}",
            tuple(filter(None, (f"op {one.op.number}", one.cite))),
            {"key": key, "op": one.op.number, "seen_s": one.seen},
        )


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"


def _text(value: Scalar) -> str | None:
    """Return a value as a tag would say it; None for none."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
