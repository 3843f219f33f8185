"""Timeout: a link swallows everything."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Seconds, text_of_seconds


class Timeout(LinkFault):
    """Let nothing pass a link, and close each connection after *timeout*.

    The other end hangs, as it does when packets are dropped without a word. Bytes are lost, so
    connections that met the fault are closed when it heals.
    """

    timeout: Seconds = 0.0
    """How long a connection hangs before it is closed; 0: until the fault heals."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is swallowed."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"timeout": text_of_seconds(self.timeout)}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how much was swallowed or closed."""
        hits = figure(now, "hits")
        return f"swallowed or closed {hits:.0f} chunks and connections" if hits else ""
