"""A burst: all virtual users at the same instant."""

from __future__ import annotations

from pydantic import Field

from hormesis.words.load import Burst, Load, Shape
from hormesis.words.units import Span


class Barrier(Load):
    """Let all virtual users do one iteration at the same instant, for example to find races.

    Every user is opened first and waits at a barrier, so that the spread of the sends is the
    event loop's alone. The spread is measured and recorded.
    """

    vus: int = Field(ge=1)
    """How many virtual users start together."""
    rounds: int = Field(default=1, ge=1)
    """How many times they do so."""
    gap: Span = Field(default=0.0, ge=0)
    """The time from one round's instant to the next one's; scaled by ``--time-scale``."""

    def shape(self) -> Shape:
        """Return the burst."""
        return Burst(users=self.vus, rounds=self.rounds, gap_s=self.gap)
