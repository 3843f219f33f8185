"""An open model with a constant rate of arrivals."""

from __future__ import annotations

from pydantic import Field

from hormesis.words.load import Load, Open, Shape
from hormesis.words.units import PerSecond, Span


class ConstantArrivalRate(Load):
    """Start iterations at a constant rate, whatever the system under test does.

    The open model of k6's executor of the same name. Arrival *n* is due at ``n / rate``; one that
    finds all users busy is dropped and counted, so a stall stays visible in the figures.
    """

    rate: PerSecond = Field(gt=0)
    """How many iterations are due per second, evenly spaced."""
    for_: Span = Field(validation_alias="for", serialization_alias="for", gt=0)
    """How long arrivals go on; scaled by ``--time-scale``."""
    vus: int = Field(ge=1)
    """How many virtual users may be busy at once; an arrival beyond them is dropped."""

    def shape(self) -> Shape:
        """Return an open shape with ``rate × for`` arrivals, the first one at 0."""
        return Open(due_at=self._due_at, users_max=self.vus, duration_s=self.for_)

    def _due_at(self, arrival: int) -> float | None:
        due = arrival / self.rate
        return due if due < self.for_ else None
