"""Slicer: data comes through a link in small pieces."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Bytes, Seconds, text_of_seconds


class Slicer(LinkFault):
    """Cut what comes through a link into pieces of *average_size* ± *size_variation*.

    It finds readers that take what one read brings for a whole message.
    """

    average_size: Bytes = Field(gt=0)
    """Bytes of a piece, on average."""
    size_variation: Bytes = Field(default=0, ge=0)
    """By how much a piece may be smaller or larger; evenly spread."""
    delay: Seconds = 0.0
    """How long the line rests after each piece."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is cut."""

    @model_validator(mode="after")
    def _possible(self) -> Slicer:
        if self.size_variation > self.average_size:
            raise ValueError("expected a size_variation of at most average_size")
        return self

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {
            "average_size": f"{self.average_size}B",
            "size_variation": f"{self.size_variation}B",
            "delay": text_of_seconds(self.delay),
        }

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how many pieces were cut."""
        hits = figure(now, "hits")
        return f"cut data into {hits:.0f} pieces" if hits else ""
