"""Result: what a race came to, as a history that claims are judged on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hormesis import __version__
from hormesis.testing.racing.broken import ClaimsBroken, message_of
from hormesis.testing.racing.claim import Claim
from hormesis.testing.racing.overlap import Overlap, overlap_of, telling_pairs
from hormesis.testing.racing.plan import RacePlan
from hormesis.testing.racing.played import Played
from hormesis.testing.racing.recording import LOAD, Recorded, Recorder, Recording, value_of
from hormesis.testing.racing.table import table
from hormesis.testing.racing.values import scalar_of
from hormesis.words.check import Check, Verdict
from hormesis.words.history import History, LoadRecord, Phase, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome

OnUnknown = Callable[[str], object]
"""Told of each claim that is unknown, and allowed to be."""

AFTER = -1
"""The number of who performs operations after the race."""


def unheard(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Facts:
    """What a history is made of, at one moment."""

    ops: tuple[Op, ...]
    ended: float


class RaceResult:
    """What the workers did. ``seed`` draws the same jitter and the same ``worker.rng`` again."""

    def __init__(
        self,
        plan: RacePlan,
        recorder: Recorder,
        played: Played,
        *,
        allow_unknown: bool = False,
        on_unknown: OnUnknown = unheard,
    ) -> None:
        self.seed = plan.seed
        self.workers = plan.workers
        self.rounds = plan.rounds
        self.errors: list[BaseException] = list(recorder.errors)
        """What operations raised, in the order in which it happened."""
        self.values: list[Any] = [value for *_, value in sorted(played.returned, key=_place)]
        """What operations returned, by rounds and workers; None is left out."""
        self.spread_s = played.spread_s
        """From the first start to the last one, of the worst round, in seconds."""
        self.late_s = played.late_s
        """How much later than drawn the latest start was: the machine's doing, in seconds."""
        self._plan = plan
        self._recorder = recorder
        self._raced = tuple(recorder.done)
        self._looks: list[ProbeRecord] = []
        self._allow_unknown = allow_unknown
        self._on_unknown = on_unknown

    @cached_property
    def overlap(self) -> Overlap:
        """Return how many operations were really under way at once."""
        return overlap_of(self._raced)

    @property
    def history(self) -> History:
        """Return everything recorded so far as a history like that of a run."""
        return _history(self._plan, self._recorder, self._looks, self.spread_s)

    def then(self, name: str, operation: Callable[[], Any], **value: Any) -> Any:
        """Perform one more operation, after all others, record it and return what it returned.

        It is how the final state comes into the history: ``result.then("read", read_all)``.
        """
        with Recording(self._recorder, name, AFTER, self.rounds, dict(value)) as op:
            returned = operation()
            op.note(**value_of(returned))
        return returned

    def saw(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Record *rows* as what the probe *name* sees now."""
        self._looks.append(_look(name, self._recorder.clock.now(), rows))

    def check(self, claim: Check | Claim) -> Verdict:
        """Return the verdict on *claim*; a pass without any overlap is unknown: it was no race."""
        check, history = self._seen(claim)
        verdict = check.judge(history)
        if verdict.outcome is Outcome.PASS and not telling_pairs(self._raced, check):
            return replace(verdict, outcome=Outcome.UNKNOWN, summary=self._no_race())
        return verdict

    def must(self, *claims: Check | Claim, allow_unknown: bool | None = None) -> list[Verdict]:
        """Return the verdicts on *claims*, all of which hold.

        Raises:
            ClaimsBroken: one does not, or its verdict is unknown and *allow_unknown* is not set.
        """
        __tracebackhide__ = True
        if not claims:
            raise ValueError("expected at least one claim, such as unique('id', of='commit')")
        verdicts = [self.check(claim) for claim in claims]
        allowed = self._allow_unknown if allow_unknown is None else allow_unknown
        held = (Outcome.PASS, Outcome.UNKNOWN) if allowed else (Outcome.PASS,)
        broken = [one for one in verdicts if one.outcome not in held]
        if broken:
            raise ClaimsBroken(message_of(str(self), broken, self.history.ops), broken)
        for one in verdicts:
            if one.outcome is Outcome.UNKNOWN:
                self._on_unknown(f"{one.check}: {one.summary}".replace("\n", " "))
        return verdicts

    def table(self, guilty: Iterable[int] = ()) -> str:
        """Return operations as text, those with *guilty* numbers first and what was near them."""
        return table(self.history.ops, set(guilty))

    def __str__(self) -> str:
        ends = Counter((one.outcome, one.error) for one in self._raced)
        told = [
            f"{count} {outcome.value}{f' {error}' if error else ''}"
            for (outcome, error), count in ends.most_common(4)
        ]
        return (
            f"race of {self.workers} workers in {self.rounds} round{'s' * (self.rounds != 1)} "
            f"(seed {self.seed}): {', '.join(told) or 'nothing recorded'}; up to "
            f"{self.overlap.most} at once, started within {self.spread_s * 1e3:.1f} ms"
        )

    def _seen(self, claim: Check | Claim) -> tuple[Check, History]:
        """Return the check, and the history with what the claim says was found.

        Raises:
            ValueError: that was handed in before the race.
        """
        if isinstance(claim, Check):
            return claim, self.history
        moment = self._recorder.clock.at(claim.made_s)
        if moment < min((one.sent for one in self._raced), default=moment):
            raise ValueError(
                f"what was found was handed in before the race began, for {claim.check.title()!r}; "
                "look, and make the claim, after the race"
            )
        look = _look(claim.name, moment, claim.rows)
        return claim.check, replace(self.history, probes=(*self.history.probes, look))

    def _no_race(self) -> str:
        longest = max((one.ended - one.sent for one in self._raced), default=0.0)
        return (
            "no two operations overlapped that tell about it: started within "
            f"{self.spread_s * 1e3:.1f} ms, and the longest took {longest * 1e3:.3f} ms; try more "
            "workers or rounds, or a smaller "
            f"jitter_ms than {self._plan.jitter_ms:g}"
        )


def _place(one: tuple[int, int, Any]) -> tuple[int, int]:
    return one[:2]


def _look(name: str, now: float, rows: Iterable[Mapping[str, Any]]) -> ProbeRecord:
    made: list[dict[str, Scalar]] = []
    for row in rows:
        made.append({key: scalar_of(value) for key, value in row.items()})
    return ProbeRecord(name, now, {"count": len(made)}, rows=tuple(made))


def _history(
    plan: RacePlan, recorder: Recorder, looks: Sequence[ProbeRecord], spread_s: float
) -> History:
    facts = _facts(recorder.done, recorder.clock.now())
    manifest = {
        "run": f"race-{plan.seed}",
        "title": "race of " + ", ".join(dict.fromkeys(name for name, _ in plan.operations)),
        "seed": plan.seed,
        "command": [],
        "started_wall": recorder.clock.wall() - recorder.clock.now(),
        "version": __version__,
        "experiment": "",
        "time_scale": 1.0,
        "machine": {},
        "tracks": [{"name": LOAD, "kind": "race", "describe": f"{plan.workers} workers"}],
    }
    load = LoadRecord(
        LOAD, 0.0, facts.ended, plan.workers, iterations=plan.workers * plan.rounds,
        spread_s=spread_s,
    )  # fmt: skip
    return History(
        manifest,
        ops=facts.ops,
        probes=tuple(looks),
        loads=(load,),
        phases=(Phase("tracks", 0.0), Phase("finishing", facts.ended)),
        end={"time": recorder.clock.now(), "reason": "completed", "detail": "", "dirty": []},
    )


def _facts(done: Sequence[Recorded], now: float) -> _Facts:
    """Return the operations, numbered in the order in which they began."""
    ordered = sorted(done, key=lambda one: (one.sent, one.worker))
    ops = tuple(
        Op(number, LOAD, one.name, one.worker, one.due, one.sent, one.ended, one.outcome,
           one.error, one.value)
        for number, one in enumerate(ordered, 1)
    )  # fmt: skip
    ended = max((one.ended for one in ops if one.outcome is not Ended.INFO), default=now)
    return _Facts(ops, ended)
