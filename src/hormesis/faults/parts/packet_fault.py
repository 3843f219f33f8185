"""Packet faults: what all faults have in common that hurt single packets of a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from random import Random
from typing import Any

from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Reading, figure
from hormesis.words.shaper import Stream
from hormesis.words.target import Facet, Target
from hormesis.words.units import PortNumber
from hormesis.words.verb import VerbCall

NETWORK = frozenset({Facet.NETWORK})
BY_FILTER = Mechanism("nftables", NETWORK, frozenset({"nftables"}))
BY_QUEUE = Mechanism("nfqueue", NETWORK, frozenset({"nftables", "nfqueue"}))
BY_NETEM = Mechanism("netem", NETWORK, frozenset({"netem"}))
BY_HTB = Mechanism("htb", NETWORK, frozenset({"htb"}))
QDISCS = frozenset({BY_NETEM.name, BY_HTB.name})
BY_PACKETS = frozenset({BY_FILTER.name, BY_QUEUE.name, *QDISCS})
FEW = 10
"""Fewer packets than these prove no share."""


class Direction(str, Enum):
    """Which packets, as seen from the target: those that come in, those that go out, or both."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class Transport(str, Enum):
    """Which packets, by what they carry."""

    ANY = "any"
    TCP = "tcp"
    UDP = "udp"


DIRECTIONS: Mapping[Stream, Direction] = {
    Stream.UPSTREAM: Direction.IN,
    Stream.DOWNSTREAM: Direction.OUT,
    Stream.BOTH: Direction.BOTH,
}
"""A link's streams as its server sees them."""


class PacketFault(Fault):
    """A fault that the target's network namespace does to packets."""

    direction: Direction = Direction.BOTH
    """Which packets are hit, as seen from the target."""
    protocol: Transport = Transport.ANY
    """Which packets are hit, by what they carry."""
    ports: tuple[PortNumber, ...] = ()
    """The target's ports; left out: its address's, or those that its processes listen on; all
    traffic that enters or leaves a container or a network namespace."""

    def config(self) -> dict[str, Any]:
        """Return what the holder ``packets`` is told to do, besides where."""
        raise NotImplementedError

    def bite(self, now: Reading) -> str:
        """Return the proof in a reading, or an empty text."""
        raise NotImplementedError

    def discipline(self) -> dict[str, Any]:
        """Return what the verb ``qdisc`` is told to do, where that is a mechanism."""
        raise NotImplementedError

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call that begins it."""
        told = self.discipline() if self.by in QDISCS else self.config()
        ports, protocol, way = self.ports, self.protocol, self.direction
        return packet_calls(self.by, target, told, way, rng, ports=ports, protocol=protocol)

    def look(self, target: Target) -> EffectLook:
        """Return the look at its own counters."""
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof."""
        return self.bite(now)

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that nothing touches packets any more."""
        return packets_left_alone(now)


def packet_calls(
    by: str, target: Target, told: Mapping[str, Any], direction: Direction, rng: Random, *,
    ports: Sequence[int] = (), protocol: Transport = Transport.ANY,
) -> tuple[VerbCall, ...]:  # fmt: skip
    """Return the call that does *told* to the packets of *target*."""
    where: dict[str, Any] = {
        "direction": direction.value, "protocol": protocol.value, "ports": list(ports),
    }  # fmt: skip
    process: dict[str, Any] = {}
    if target.service is not None:
        process = {"process": target.service}
    elif target.address is not None:
        where["address"] = target.address
    else:
        named = {"container": target.container, "docker": target.docker, "netns": target.netns}
        where.update({key: value for key, value in named.items() if value}, whole=not ports)
    subject = target.service or target.container or target.name
    if by in QDISCS:
        return (VerbCall("qdisc", {"subject": subject, **process, **where, **told}),)
    config = {**where, **told, "seed": rng.randrange(1 << 31)}
    args = {"subject": subject, "program": "packets", **process, "config": config}
    return (VerbCall("holder", args),)


def packets_left_alone(now: Reading) -> str:
    """Return the proof that a packet fault is over: what did it is gone."""
    if "there" in now:
        return "" if now["there"] else "the queueing discipline is gone"
    return "the packet filter is gone with the process that owned it" if now.get("ended") else ""


def connect_told(now: Reading) -> str:
    """Return how a connect from inside fared, before and now; empty when none was made."""
    if not now.get("connect"):
        return ""
    return f"; a connect: {_fared(now, 'connect')}, before: {_fared(now, 'connect', '_before')}"


def _fared(now: Reading, name: str, suffix: str = "") -> str:
    result = now.get(name + suffix)
    took = f" in {figure(now, f'{name}_ms{suffix}'):.1f} ms"
    return f"{result}{took if result == 'ok' else ''}"
