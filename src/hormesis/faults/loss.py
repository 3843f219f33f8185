"""Loss: some packets never arrive."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.packet_fault import (
    BY_FILTER,
    BY_NETEM,
    BY_QUEUE,
    PacketFault,
    connect_told,
)
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.units import Share


class Loss(PacketFault):
    """Drop a random share of a target's packets, as a bad line does.

    TCP sends them again, so it grows slow; datagrams are gone. With a correlation, losses come in
    bursts.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_FILTER, BY_QUEUE, BY_NETEM)

    share: Share = Field(gt=0)
    """Which share of the packets is dropped."""
    correlation: Share = 0.0
    """How likely each packet shares the fate of the one before it; the share stays the same."""

    def ways(self) -> tuple[Mechanism, ...]:
        """Return the ways; the kernel's own filter knows no correlation."""
        return (BY_QUEUE, BY_NETEM) if self.correlation else self.mechanisms

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        if self.by == BY_FILTER.name:
            return {"action": "drop", "share": self.share}
        return {"action": "shape", "shape": {"loss": self.share, "correlation": self.correlation}}

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "netem", "loss": self.share, "correlation": self.correlation}

    def bite(self, now: Reading) -> str:
        """Return the measured share; one lost packet hurts, and a quiet client sends few."""
        seen = self.measured({}, now)
        if seen is None or not seen.seen:
            return ""
        what = f"dropped {seen.seen:.1f} % of {figure(now, 'matched'):.0f} packets"
        return f"{what} (asked {seen.asked:g} %){connect_told(now)}"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of packets dropped, in percent."""
        matched = figure(now, "matched")
        if not matched:
            return None
        dropped = figure(now, "hit" if self.by == BY_FILTER.name else "lost")
        return Measure(100 * self.share, 100 * dropped / matched, "%")
