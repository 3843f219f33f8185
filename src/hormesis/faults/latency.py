"""Latency: a link answers later."""

from __future__ import annotations

from enum import Enum
from typing import Any

from hormesis.proxy.link_fault import ENOUGH, LinkFault, figure
from hormesis.words.look import Reading
from hormesis.words.shaper import Stream
from hormesis.words.units import Seconds, text_of_seconds


class Spread(str, Enum):
    """How the jitter spreads: evenly over ± jitter, or normally with jitter as its deviation."""

    UNIFORM = "uniform"
    NORMAL = "normal"


class Latency(LinkFault):
    """Delay everything that passes a link by *delay* ± *jitter*; throughput is not divided."""

    delay: Seconds
    """How long each chunk waits."""
    jitter: Seconds = 0.0
    """By how much that varies from chunk to chunk."""
    distribution: Spread = Spread.UNIFORM
    """How it varies."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is delayed; with both, a round trip takes twice the delay longer."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {
            "delay": text_of_seconds(self.delay),
            "jitter": text_of_seconds(self.jitter),
            "distribution": self.distribution.value,
        }

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return the measured delay once it is about the asked one."""
        mean, hits = figure(now, "delay_ms_mean"), figure(now, "hits")
        least = max(self.delay - self.jitter, 0.0) if hits < FEW else self.delay
        if not mean or mean < ENOUGH * 1000 * least:
            return ""
        asked = f"{1000 * self.delay:g} ms ± {1000 * self.jitter:g}"
        return f"added {mean:.0f} ms to {hits:.0f} chunks (asked {asked})"


FEW = 20
"""Below so many chunks the mean of a jittered delay may still lie anywhere in its range."""
