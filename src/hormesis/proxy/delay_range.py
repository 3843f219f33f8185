"""Delay range: what all toxics and faults have in common that delay single requests."""

from __future__ import annotations

from random import Random

from pydantic import BaseModel, model_validator

from hormesis.words.units import Seconds


class DelayRange(BaseModel):
    """A delay that is drawn anew each time."""

    min: Seconds
    """The shortest delay."""
    max: Seconds
    """The longest delay."""

    @model_validator(mode="after")
    def _ordered(self) -> DelayRange:
        if self.max < self.min:
            raise ValueError("expected max to be no less than min")
        return self

    def delay(self, rng: Random) -> float:
        """Return a delay in seconds."""
        return rng.uniform(self.min, self.max)
