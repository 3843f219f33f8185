"""Bandwidth: only so many bytes per second get through."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.link_or_packet_fault import BY_PROXY, LinkOrPacketFault
from hormesis.faults.parts.packet_fault import BY_HTB, BY_QUEUE
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Bytes

TOLERANCE = 1.2


class Bandwidth(LinkOrPacketFault):
    """Let *rate* bytes per second through, for each connection of a link or a target's packets.

    By nfqueue and htb all connections of the target share the rate, headers count, and each
    direction has its own. On a loopback device packets have up to 64 KiB, which htb lets through
    in one piece.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_PROXY, BY_QUEUE, BY_HTB)
    packet_ways: ClassVar[tuple[Mechanism, ...]] = (BY_QUEUE, BY_HTB)

    rate: Bytes = Field(gt=0)
    """Bytes that pass per second, such as ``10KB``."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is throttled."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"rate": f"{self.rate}B"}

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "shape", "shape": {"rate": self.rate}}

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "htb", "rate": self.rate}

    def direction(self) -> Stream | None:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return the measured rate once data had to wait and did not pass faster than asked."""
        return self._throttled(now, "hits", "pieces")

    def packets_bite(self, now: Reading) -> str:
        """Return the measured rate once packets had to wait and did not pass faster than asked."""
        return self._throttled(now, "delayed", "packets")

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the rate let through while there was something to send, in bytes per second."""
        rate = figure(now, "bytes_per_s")
        return Measure(self.rate, rate, "B/s") if rate else None

    def _throttled(self, now: Reading, count: str, what: str) -> str:
        rate, hits = figure(now, "bytes_per_s"), figure(now, count)
        if not hits or not rate or rate > TOLERANCE * self.rate:
            return ""
        return f"let {rate:.0f} B/s through in {hits:.0f} {what} (asked {self.rate} B/s)"
