"""Corrupt: bytes change on their way through a link."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic import Field

from hormesis.proxy.link_fault import LinkFault, figure
from hormesis.words.fault import Measure
from hormesis.words.look import Reading
from hormesis.words.shaper import Stream
from hormesis.words.units import Bytes, Share


class Unit(str, Enum):
    """What a rate of corruption counts."""

    BYTE = "byte"
    CHUNK = "chunk"


class Corrupt(LinkFault):
    """Flip one bit of a share *rate* of all bytes, or of one byte in a share of all chunks.

    TCP's own checksum does not see it: the proxy sends the changed bytes as its own.
    """

    rate: Share = Field(gt=0)
    """The share that is hit."""
    per: Unit = Unit.BYTE
    """What the rate counts: each byte, or each chunk that the proxy reads in one go."""
    spare: Bytes = 0
    """So many bytes at the beginning stay whole: a greeting, a login."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is corrupted."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"rate": self.rate, "per": self.per.value, "spare": f"{self.spare}B"}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how many bytes were changed."""
        hits = figure(now, "hits")
        return f"changed {hits:.0f} of {figure(now, 'bytes_shaped'):.0f} bytes" if hits else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of the bytes that were changed, where the rate counts bytes."""
        through = figure(now, "bytes_shaped")
        if not through or self.per is Unit.CHUNK:
            return None
        return Measure(self.rate, figure(now, "hits") / through, "of the bytes")
