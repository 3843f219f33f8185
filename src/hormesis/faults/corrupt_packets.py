"""Corrupt packets: some packets arrive damaged."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.packet_fault import BY_NETEM, BY_QUEUE, FEW, PacketFault
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.units import Share


class CorruptPackets(PacketFault):
    """Flip one bit in a random share of a target's packets.

    The checksum stays as it was, so the receiver's kernel notices the damage and throws the packet
    away, as it does with what a bad cable delivers. To hand damaged bytes to the application, use
    the fault ``corrupt`` on a link.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_QUEUE, BY_NETEM)

    share: Share = Field(gt=0)
    """Which share of the packets is damaged."""

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "shape", "shape": {"corrupt": self.share}}

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "netem", "corrupt": self.share}

    def bite(self, now: Reading) -> str:
        """Return how many were damaged; netem does not count them."""
        damaged, packets = figure(now, "corrupted"), figure(now, "matched")
        if self.by == BY_NETEM.name:
            return f"{packets:.0f} packets went through netem" if packets >= FEW else ""
        if not damaged:
            return ""
        return f"damaged {damaged:.0f} of {packets:.0f} packets (asked {100 * self.share:g} %)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of packets damaged, in percent."""
        queued = figure(now, "queued")
        if not queued:
            return None
        return Measure(100 * self.share, 100 * figure(now, "corrupted") / queued, "%")
