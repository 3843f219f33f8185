"""A service's wall clock runs at the wrong speed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field, model_validator

from hormesis.faults.parts.clock_reading import clock_looks, set_back, told_shift
from hormesis.words.fault import Fault, Measure
from hormesis.words.look import Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall

FELT_S = 0.02
"""The least deviation that counts as one."""
NEAR = 0.8
"""The share of the asked deviation that must have come about; the last answer is a moment old."""


class ClockDrift(Fault):
    """Let a service's wall clock run faster or slower while it runs; on release it jumps back.

    The service must be started with ``clock: adjustable``; see ``clock-jump`` for which programs
    obey, and for what stays right.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.CLOCK})
    means: ClassVar[frozenset[str]] = frozenset({"compiler"})
    mechanism: ClassVar[str] = "preload"

    faster: Share | None = Field(default=None, gt=0)
    """By which share it runs faster: at ``10%`` it gains 6 s a minute."""
    slower: Share | None = Field(default=None, gt=0)
    """By which share it runs slower; exactly one of the two."""

    @model_validator(mode="after")
    def _one_way(self) -> ClockDrift:
        if (self.faster is None) == (self.slower is None):
            raise ValueError("expected exactly one of faster and slower")
        return self

    @property
    def rate(self) -> float:
        """How many seconds the clock gains in each real one."""
        return self.faster if self.faster is not None else -(self.slower or 0.0)

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "path": target.clock, "rate": self.rate}
        return [VerbCall("clock", args)]

    def look(self, target: Target) -> tuple[Look, ...]:
        return clock_looks(target)

    def hurts(self, before: Reading, now: Reading) -> str:
        measure = self.measured(before, now)
        if measure is None or not now.get("set") or measure.seen / measure.asked < NEAR:
            return ""
        shift = told_shift(now) or 0.0
        if abs(shift) < FELT_S:
            return ""
        return f"its clock has come to be {shift:+.3f} s off ({measure.seen:+.1f} %)"

    def healed(self, before: Reading, now: Reading) -> str:
        return set_back(now, FELT_S)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        shift, held = told_shift(now), now.get("held_s")
        if shift is None or not isinstance(held, int | float) or held <= 0:
            return None
        return Measure(100 * self.rate, 100 * shift / held, "%")
