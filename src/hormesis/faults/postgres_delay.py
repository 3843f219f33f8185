"""PostgreSQL delay: queries through a link take longer."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from hormesis.proxy.link_fault import ENOUGH, LinkFault, figure
from hormesis.words.look import Reading
from hormesis.words.units import Seconds, text_of_seconds


class PostgresDelay(LinkFault):
    """Delay each PostgreSQL query through a link by a random time between *min* and *max*.

    The proxy reads the protocol: logging in is not delayed, and a batch of the extended protocol
    waits once. An encrypted connection cannot be read; each chunk of it from the client waits.
    """

    min: Seconds
    """The shortest delay."""
    max: Seconds
    """The longest delay."""
    matching: str = Field(default="")
    """Delay only statements in which this regular expression is found; case does not matter."""

    @field_validator("matching")
    @classmethod
    def _expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as trouble:
            raise ValueError(f"expected a regular expression: {trouble}") from trouble
        return value

    @model_validator(mode="after")
    def _ordered(self) -> PostgresDelay:
        if self.max < self.min:
            raise ValueError("expected max to be no less than min")
        return self

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {
            "min": text_of_seconds(self.min),
            "max": text_of_seconds(self.max),
            "matching": self.matching,
        }

    def bite(self, now: Reading) -> str:
        """Return the measured delay once it is about the shortest one asked."""
        mean, hits = figure(now, "delay_ms_mean"), figure(now, "hits")
        if not mean or mean < ENOUGH * 1000 * self.min:
            return ""
        asked = f"{1000 * self.min:g} to {1000 * self.max:g} ms"
        return f"delayed {hits:.0f} batches by {mean:.0f} ms on average (asked {asked})"
