"""Reset: connections end with a TCP reset."""

from __future__ import annotations

from typing import Any, ClassVar

from hormesis.faults.parts.link_or_packet_fault import BY_PROXY, LinkOrPacketFault
from hormesis.faults.parts.packet_fault import BY_FILTER, connect_told
from hormesis.words.fault import Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.units import Seconds, text_of_seconds


class Reset(LinkOrPacketFault):
    """Reset every connection of a link or a target, live and new ones, *after* it met the fault.

    By nftables, connections that say nothing are reset as well, and new ones are refused.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_PROXY, BY_FILTER)
    packet_ways: ClassVar[tuple[Mechanism, ...]] = (BY_FILTER,)

    after: Seconds = 0.0
    """How long a connection lives on; 0: not at all."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"after": text_of_seconds(self.after)}

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "reset", "after_s": self.after}

    def bite(self, now: Reading) -> str:
        """Return how many connections the proxy reset."""
        hits = figure(now, "hits")
        return f"reset {hits:.0f} connections" if hits else ""

    def packets_bite(self, now: Reading) -> str:
        """Return how many connections and packets met the kernel's reset."""
        live, met = figure(now, "aborted"), figure(now, "hit")
        if not live and not met:
            return ""
        return f"reset {live:.0f} live connections and {met:.0f} packets{connect_told(now)}"
