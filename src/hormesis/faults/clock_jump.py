"""A service's wall clock jumps."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field, model_validator

from hormesis.faults.parts.clock_reading import (
    SLACK_S,
    clock_looks,
    set_back,
    span_text,
    told_shift,
)
from hormesis.words.fault import Fault, Measure
from hormesis.words.look import Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class ClockJump(Fault):
    """Set a service's wall clock ahead or back while it runs; on release it jumps to the real time.

    The service must be started with ``clock: adjustable``; only programs that are linked to the C
    library in the usual, dynamic way obey. Its monotonic clock and its waits stay right. What the
    kernel itself stamps, such as the times of files, does not jump. A target with ``postgres`` is
    asked for its time, too.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.CLOCK})
    means: ClassVar[frozenset[str]] = frozenset({"compiler"})
    mechanism: ClassVar[str] = "preload"

    ahead: Seconds | None = Field(default=None, gt=0)
    """How far it jumps ahead."""
    back: Seconds | None = Field(default=None, gt=0)
    """How far it jumps back; exactly one of the two."""

    @model_validator(mode="after")
    def _one_way(self) -> ClockJump:
        if (self.ahead is None) == (self.back is None):
            raise ValueError("expected exactly one of ahead and back")
        return self

    @property
    def offset_s(self) -> float:
        """By how many seconds the clock is set ahead; negative: back."""
        return self.ahead if self.ahead is not None else -(self.back or 0.0)

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "path": target.clock, "offset_s": self.offset_s}
        return [VerbCall("clock", args)]

    def look(self, target: Target) -> tuple[Look, ...]:
        return clock_looks(target)

    def hurts(self, before: Reading, now: Reading) -> str:
        shift = told_shift(now)
        if shift is None or not now.get("set") or abs(shift - self.offset_s) > SLACK_S:
            return ""
        way = "ahead" if shift > 0 else "behind"
        return f"its clock is {span_text(abs(shift))} {way}"

    def healed(self, before: Reading, now: Reading) -> str:
        return set_back(now, abs(self.offset_s) / 2)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        shift = told_shift(now)
        return None if shift is None else Measure(self.offset_s, shift, "s")
