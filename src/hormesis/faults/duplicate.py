"""Duplicate: some packets arrive twice."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.packet_fault import BY_NETEM, BY_QUEUE, FEW, PacketFault
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.units import Share


class Duplicate(PacketFault):
    """Deliver a random share of a target's packets twice.

    TCP throws the second one away; who reads datagrams must bear with both.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_QUEUE, BY_NETEM)

    share: Share = Field(gt=0)
    """Which share of the packets is doubled."""

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "shape", "shape": {"duplicate": self.share}}

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "netem", "duplicate": self.share}

    def bite(self, now: Reading) -> str:
        """Return how many were doubled; netem does not count them."""
        doubled, packets = figure(now, "duplicated"), figure(now, "matched")
        if self.by == BY_NETEM.name:
            return f"{packets:.0f} packets went through netem" if packets >= FEW else ""
        if not doubled:
            return ""
        return f"doubled {doubled:.0f} of {packets:.0f} packets (asked {100 * self.share:g} %)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of packets doubled, in percent."""
        queued = figure(now, "queued")
        if not queued:
            return None
        return Measure(100 * self.share, 100 * figure(now, "duplicated") / queued, "%")
