"""An open model with a constant rate of arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from hormesis.loads.parts.arrival_users import ArrivalLoad
from hormesis.loads.parts.rate import Rate, per_second
from hormesis.words.load import Shape
from hormesis.words.units import Seconds, Span


class ConstantArrivalRate(ArrivalLoad):
    """Start iterations at a constant rate, whatever the system under test does.

    The open model of k6's executor of the same name. Arrival *n* is due at ``n / rate``. One that
    finds all users busy waits for the first that is free; its response counts from when it was
    due, so a stall stays visible in the figures, however few users there are.
    """

    also_called: ClassVar[Mapping[str, str]] = {
        "duration": "for",
        "timeUnit": "time_unit",
        "maxVUs": "vus",
        "preAllocatedVUs": "pre_allocated_vus",
    }

    rate: Rate
    """How many iterations are due per second (``50/s``), or per ``time_unit`` (``50``), evenly."""
    time_unit: Seconds = Field(default=1.0, gt=0)
    """The unit of a rate that is a bare number."""
    for_: Span = Field(validation_alias="for", serialization_alias="for", gt=0)
    """How long arrivals go on; scaled by ``--time-scale``."""

    @field_validator("rate")
    @classmethod
    def _comes(cls, rate: float | str) -> float | str:
        if per_second(rate, 1.0) <= 0:
            raise ValueError("expected a rate above 0")
        return rate

    def shape(self) -> Shape:
        """Return an open shape with ``rate × for`` arrivals, the first one at 0."""
        return self.opened(self._due_at, self.for_, self.per_second)

    @property
    def per_second(self) -> float:
        """Return how many arrivals per second are due."""
        return per_second(self.rate, self.time_unit)

    def _due_at(self, arrival: int) -> float | None:
        due = arrival / self.per_second
        return due if due < self.for_ else None
