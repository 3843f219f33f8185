"""Latency: answers come later."""

from __future__ import annotations

from typing import Any, ClassVar

from hormesis.faults.parts.delay_felt import felt
from hormesis.faults.parts.link_or_packet_fault import BY_PROXY, LinkOrPacketFault
from hormesis.faults.parts.packet_fault import BY_NETEM, BY_QUEUE, FEW, connect_told
from hormesis.words.distribution import Distribution
from hormesis.words.fault import Measure, Mechanism
from hormesis.words.look import Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.units import Seconds, text_of_seconds


class Latency(LinkOrPacketFault):
    """Delay everything that passes a link, or a target's packets, by *delay* ± *jitter*.

    Throughput is not divided, and order is kept.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_PROXY, BY_QUEUE, BY_NETEM)
    packet_ways: ClassVar[tuple[Mechanism, ...]] = (BY_QUEUE, BY_NETEM)

    delay: Seconds
    """How long each chunk or packet waits."""
    jitter: Seconds = 0.0
    """By how much that varies from one to the next."""
    distribution: Distribution = Distribution.UNIFORM
    """How it varies."""
    stream: Stream = Stream.DOWNSTREAM
    """Which direction is delayed; with both, a round trip takes twice the delay longer."""

    def ways(self) -> tuple[Mechanism, ...]:
        """Return the ways; netem's jitter is a deviation, never only a delay on top."""
        ways = super().ways()
        netem = not (self.jitter and self.distribution.on_top)
        return tuple(way for way in ways if netem or way is not BY_NETEM)

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {
            "delay": text_of_seconds(self.delay),
            "jitter": text_of_seconds(self.jitter),
            "distribution": self.distribution.value,
        }

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "shape", "shape": self._shape()}

    def discipline(self) -> dict[str, Any]:
        """Return what the queueing discipline does."""
        return {"discipline": "netem", **self._shape()}

    def _shape(self) -> dict[str, Any]:
        spread = self.distribution.value
        return {"delay_s": self.delay, "jitter_s": self.jitter, "distribution": spread}

    def direction(self) -> Stream | None:
        """Return the asked direction."""
        return self.stream

    def bite(self, now: Reading) -> str:
        """Return the measured delay once it is about the asked one."""
        return self._delayed(now, "hits", "chunks")

    def packets_bite(self, now: Reading) -> str:
        """Return the measured delay once it is about the asked one; netem does not measure it."""
        if self.by == BY_NETEM.name:
            passed = figure(now, "matched")
            return f"{passed:.0f} packets went through netem" if passed >= FEW else ""
        told = self._delayed(now, "delayed", "packets")
        return told and told + connect_told(now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the mean delay, in milliseconds."""
        mean = figure(now, "delay_ms_mean")
        return Measure(1000 * self._asked_mean(), mean, "ms") if mean else None

    def _asked_mean(self) -> float:
        return self.delay + (self.jitter if self.distribution.on_top else 0.0)

    def _delayed(self, now: Reading, count: str, what: str) -> str:
        mean, hits = figure(now, "delay_ms_mean"), figure(now, count)
        least = max(self.delay - self.jitter, 0.0) if hits < MANY else self.delay
        if not felt(mean, least):
            return ""
        asked = f"{1000 * self.delay:g} ms ± {1000 * self.jitter:g}"
        return f"added {mean:.0f} ms to {hits:.0f} {what} (asked {asked})"


MANY = 20
"""Below so many chunks the mean of a jittered delay may still lie anywhere in its range."""
