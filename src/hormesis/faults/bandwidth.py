"""Bandwidth: a link lets only so many bytes per second through."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hormesis.proxy.link_fault import LinkFault, figure
from hormesis.words.look import Reading
from hormesis.words.shaper import Stream
from hormesis.words.units import Bytes

TOLERANCE = 1.2


class Bandwidth(LinkFault):
    """Let *rate* bytes per second through a link, for each connection."""

    rate: Bytes = Field(gt=0)
    """Bytes that pass per second, such as ``10KB``."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is throttled."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"rate": f"{self.rate}B"}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return the measured rate once data had to wait and did not pass faster than asked."""
        rate, hits = figure(now, "bytes_per_s"), figure(now, "hits")
        if not hits or not rate or rate > TOLERANCE * self.rate:
            return ""
        return f"let {rate:.0f} B/s through in {hits:.0f} pieces (asked {self.rate} B/s)"
