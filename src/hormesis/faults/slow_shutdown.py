"""Let a service shut down slowly, as one does that has much to finish."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class SlowShutdown(Fault):
    """Stop a service so that its shutdown takes longer than usual; on release it is started again.

    It is held before it can hear its stop signal, and let go after ``delay``. Until then its
    connections stay open and nothing answers. When the whole takes longer than ``grace``, it is
    killed in the middle of its shutdown, as a supervisor would do.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "signal"

    delay: Seconds = Field(default=3.0, gt=0)
    """How long the shutdown is held up."""
    grace: Seconds = 5.0
    """How long the shutdown may take in all before the service is killed."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {
            "subject": target.service,
            "start": "undo",
            "slow_s": self.delay,
            "grace_s": self.grace,
        }
        return [VerbCall("rerun", args)]

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        took = figure(now, "took_s")
        ended = now.get("state") == "gone" or now.get("pid") != before.get("pid")
        if not ended or took < 0.9 * self._asked:
            return ""
        how = "and it was killed then" if now.get("killed") else "and it ended by itself"
        return f"the shutdown of pid {before.get('pid')} took {took:.2f} s, {how}"

    def healed(self, before: Reading, now: Reading) -> str:
        return lives_again(before, now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        return Measure(self._asked, figure(now, "took_s"), "s")

    @property
    def _asked(self) -> float:
        return min(self.delay, self.grace)
