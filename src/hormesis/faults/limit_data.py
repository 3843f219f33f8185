"""Limit data: a link's connections close after so many bytes."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Bytes


class LimitData(LinkFault):
    """Close each connection of a link once *bytes* have passed, counted from when it met the fault.

    It finds readers that take a stream's early end for its whole content.
    """

    bytes: Bytes = Field(ge=0)
    """So many bytes pass in each connection; with ``0B``, the first data closes it."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction's bytes are counted."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"bytes": f"{self.bytes}B"}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how many connections were closed."""
        hits = figure(now, "hits")
        return f"closed {hits:.0f} connections after {self.bytes} bytes each" if hits else ""
