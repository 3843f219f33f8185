"""What faults have in common that hurt a link in the proxy, or a target's packets in the kernel."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.faults.parts.packet_fault import (
    BY_PACKETS,
    DIRECTIONS,
    QDISCS,
    Direction,
    packet_calls,
    packets_left_alone,
)
from hormesis.words.fault import Mechanism
from hormesis.words.look import EffectLook, LinkLook, Reading
from hormesis.words.shaper import Stream
from hormesis.words.target import Facet, Target
from hormesis.words.units import PortNumber
from hormesis.words.verb import VerbCall

BY_PROXY = Mechanism("proxy", frozenset({Facet.LINK}))


class LinkOrPacketFault(LinkFault):
    """A fault that the proxy does to a link's connections, or the kernel to a target's packets."""

    ports: tuple[PortNumber, ...] = ()
    """Of a target without a link, the ports that are hit; left out: its address's, or those that
    its processes listen on; all that enters or leaves a container or a network namespace."""

    packet_ways: ClassVar[tuple[Mechanism, ...]] = ()
    """The ways besides the proxy, the best first."""

    def ways(self) -> tuple[Mechanism, ...]:
        """Return the ways; only the proxy can choose connections."""
        chooses = self.share < 1 or self.first is not None
        return (BY_PROXY,) if chooses else (BY_PROXY, *self.packet_ways)

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return what the holder ``packets`` does."""

    @abstractmethod
    def packets_bite(self, now: Reading) -> str:
        """Return the proof in a reading of the packets' counters, or an empty text."""

    def discipline(self) -> dict[str, Any]:
        """Return what the verb ``qdisc`` does, where that is a mechanism."""
        raise NotImplementedError

    @property
    def by_packets(self) -> bool:
        """Whether the kernel does it."""
        return self.by in BY_PACKETS

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call that begins it."""
        if not self.by_packets:
            return super().verbs(target, rng)
        told = self.discipline() if self.by in QDISCS else self.config()
        stream = self.direction() or Stream.BOTH
        way: Direction = DIRECTIONS[stream]
        return packet_calls(self.by, target, told, way, rng, ports=self.ports)

    def look(self, target: Target) -> LinkLook | EffectLook:  # type: ignore[override]
        """Return the look at its own counters."""
        return EffectLook() if self.by_packets else super().look(target)

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof."""
        return self.packets_bite(now) if self.by_packets else super().hurts(before, now)

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that it is over."""
        return packets_left_alone(now) if self.by_packets else super().healed(before, now)
