"""Corrupt: bytes change on their way through a link."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.proxy.corruption import Corruption, Unit
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Share


class Corrupt(Corruption, LinkFault):
    """Flip one bit of each byte, or of one byte in each chunk, with a *probability*.

    TCP's own checksum does not see it: the proxy sends the changed bytes as its own.
    """

    probability: Share = Field(gt=0)
    """How likely each is hit."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is corrupted."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"probability": self.probability, "per": self.per.value, "spare": f"{self.spare}B"}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how many bytes were changed."""
        hits = figure(now, "hits")
        return f"changed {hits:.0f} of {figure(now, 'bytes_shaped'):.0f} bytes" if hits else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of the bytes that were changed, where it is drawn for bytes."""
        through = figure(now, "bytes_shaped")
        if not through or self.per is Unit.CHUNK:
            return None
        return Measure(self.probability, figure(now, "hits") / through, "of the bytes")
