"""A service sees a monotonic clock that is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.clock_reading import span_text
from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class MonotonicShift(Fault):
    """Start a service again where the monotonic clock is ahead, as after a long uptime.

    It runs in a time namespace of its own: counters that wrap, and code that takes the uptime for
    small, break then. The wall clock stays right. On release it is started again as it was.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    means: ClassVar[frozenset[str]] = frozenset({"time-namespace"})
    mechanism: ClassVar[str] = "time-namespace"

    ahead: Seconds = Field(ge=1)
    """How far it is ahead, in whole seconds; ``50d`` passes 2³² milliseconds."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "monotonic_s": round(self.ahead)}
        return [VerbCall("rerun", args)]

    def look(self, target: Target) -> tuple[Look, ...]:
        return (ProcessLook(target.service or ""), EffectLook())

    def hurts(self, before: Reading, now: Reading) -> str:
        ahead = now.get("monotonic_ahead_s")
        if now.get("state") != "running" or ahead != round(self.ahead):
            return ""
        told = span_text(self.ahead)
        return f"pid {now.get('pid')} runs with its monotonic clock {told} ahead"

    def healed(self, before: Reading, now: Reading) -> str:
        if now.get("state") != "running" or not now.get("ended"):
            return ""
        if now.get("generation") == before.get("generation"):
            return ""
        return f"runs as pid {now.get('pid')} with the machine's monotonic clock"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        ahead = now.get("monotonic_ahead_s")
        return Measure(self.ahead, ahead, "s") if isinstance(ahead, int | float) else None
