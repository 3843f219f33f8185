"""Delay fault: what all faults have in common that delay single requests of a link."""

from __future__ import annotations

from typing import ClassVar

from hormesis.faults.parts.delay_felt import felt
from hormesis.faults.parts.link_fault import LinkFault
from hormesis.faults.parts.none_meant import none_meant
from hormesis.proxy.delay_range import DelayRange
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure


class DelayFault(DelayRange, LinkFault):
    """A fault that delays each of some requests by a time between *min* and *max*."""

    noun: ClassVar[str] = "requests"
    """What is delayed, for the proof."""

    def bite(self, now: Reading) -> str:
        """Return the measured delay once it is about the shortest one asked."""
        mean, hits = figure(now, "delay_ms_mean"), figure(now, "hits")
        asked = f"{1000 * self.min:g} to {1000 * self.max:g} ms"
        if not mean and (held := figure(now, "holding")):
            # One that is to wait for long may still wait when the block is left.
            waited = f"for {figure(now, 'held_ms'):.0f} ms so far"
            return f"holds {self.noun} of {held:.0f} connections back {waited} (asked {asked})"
        if not felt(mean, self.min):
            return ""
        return f"delayed {hits:.0f} {self.noun} by {mean:.0f} ms on average (asked {asked})"

    def unseen(self, before: Reading, now: Reading) -> str:
        """Return that none of what came was meant, and what did come."""
        return none_meant(now, getattr(self, "matching", ""))

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the mean delay in milliseconds beside the middle of the asked range."""
        mean = figure(now, "delay_ms_mean")
        return Measure(500 * (self.min + self.max), mean, "ms") if mean else None
