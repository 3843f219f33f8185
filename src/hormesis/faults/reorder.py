"""Reorder: some packets are overtaken."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.packet_fault import BY_NETEM, BY_QUEUE, FEW, PacketFault
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.units import Seconds, Share


class Reorder(PacketFault):
    """Hold a random share of a target's packets back, so that later ones overtake them.

    By netem it is the other way round: all but that share are held back.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_QUEUE, BY_NETEM)

    share: Share = Field(gt=0)
    """Which share of the packets arrives out of order."""
    delay: Seconds = Field(default=0.02, gt=0)
    """How long those wait that are overtaken."""

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {
            "action": "shape",
            "shape": {"reorder": self.share, "reorder_by_s": self.delay},
        }

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "netem", "delay_s": self.delay, "reorder": self.share}

    def bite(self, now: Reading) -> str:
        """Return how many were held back; netem does not count them."""
        held, packets = figure(now, "held_back"), figure(now, "matched")
        if self.by == BY_NETEM.name:
            return f"{packets:.0f} packets went through netem" if packets >= FEW else ""
        if not held:
            return ""
        return f"held {held:.0f} of {packets:.0f} packets back (asked {100 * self.share:g} %)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of packets held back, in percent."""
        queued = figure(now, "queued")
        if not queued:
            return None
        return Measure(100 * self.share, 100 * figure(now, "held_back") / queued, "%")
