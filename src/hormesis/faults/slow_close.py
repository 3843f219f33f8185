"""Slow close: a link's connections end late."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.delay_felt import felt
from hormesis.faults.parts.link_fault import LinkFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Seconds, text_of_seconds


class SlowClose(LinkFault):
    """Pass data through a link untouched and hold the end of each stream back for *delay*."""

    delay: Seconds
    """How long the end waits."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction ends late."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"delay": text_of_seconds(self.delay)}

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return how long ends were held back."""
        mean, hits = figure(now, "delay_ms_mean"), figure(now, "hits")
        if not felt(mean, self.delay):
            return ""
        return f"held {hits:.0f} ends back for {mean:.0f} ms (asked {1000 * self.delay:g} ms)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the mean delay of the ends, in milliseconds."""
        mean = figure(now, "delay_ms_mean")
        return Measure(1000 * self.delay, mean, "ms") if mean else None
