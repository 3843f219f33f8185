"""The aim: which packets of a network namespace belong to a target, and which way they go.

*To* and *from* are seen from the target. What goes to a peer on the same machine is taken where
the peer receives it, since whoever sends a packet is told when the kernel drops it on its way
out; only what leaves the namespace is taken there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.host.packets import nf_tables
from hormesis.host.packets.nf_tables import INPUT, OUTPUT, Expressions
from hormesis.host.packets.sockets import TCP, UDP, Listener, listeners

PROTOCOLS: Mapping[str, tuple[int, ...]] = {"any": (TCP, UDP), "tcp": (TCP,), "udp": (UDP,)}
SYN, RST, ACK = 0x02, 0x04, 0x10
WAYS: Mapping[str, tuple[str, ...]] = {"both": ("to", "from"), "in": ("to",), "out": ("from",)}


class NoAim(Exception):
    """Nothing says which packets are meant; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Packets of a target: its listeners' ones, or everything that crosses its namespace's edge.

    ``distant`` says that the target is elsewhere, seen from a namespace of its peers. ``hosts``
    narrows the target to these addresses.
    """

    ways: tuple[str, ...] = ("to", "from")
    endpoints: tuple[tuple[int, int], ...] = ()
    """Pairs of protocol and port; none: everything."""
    hosts: tuple[str, ...] = ()
    distant: bool = False
    new_only: bool = False
    knock_at: tuple[str, int] | None = None
    """Where a connect meets exactly these packets."""

    def places(self) -> Iterator[tuple[str, int, Expressions]]:
        """Yield way, hook and what matches there; each packet meets one of them at most once."""
        for way in self.ways:
            for hook, edge in self._hooks(way):
                for match in self._matches(way):
                    yield way, hook, (*edge, *match)

    def _hooks(self, way: str) -> Iterator[tuple[int, Expressions]]:
        def edge(hook: int, *, loopback: bool) -> tuple[int, Expressions]:
            return hook, nf_tables.loopback(hook, yes=loopback)

        if self.distant:
            yield edge(OUTPUT if way == "to" else INPUT, loopback=False)
        elif not self.endpoints:
            yield edge(INPUT if way == "to" else OUTPUT, loopback=False)
        elif way == "to":
            yield INPUT, ()
        else:
            yield edge(INPUT, loopback=True)
            yield edge(OUTPUT, loopback=False)

    def _matches(self, way: str) -> Iterator[Expressions]:
        hosts = [nf_tables.address(one, of_sender=way == "from") for one in self.hosts] or [()]
        kinds = self.endpoints or ((TCP, 0),) * self.new_only
        for host in hosts:
            for protocol, port in kinds:
                transport: Expressions = nf_tables.protocol(protocol)
                if port:
                    transport += nf_tables.port(port, of_sender=way == "from")
                if self.new_only and protocol != TCP:
                    continue
                if self.new_only:
                    transport += nf_tables.flags(SYN | ACK, SYN if way == "to" else SYN | ACK)
                yield (*host, *transport)
            if not kinds:
                yield host


def aim_of(config: Mapping[str, Any]) -> Aim:
    """Return the aim that a holder's configuration means; call it inside the namespace.

    ``address`` is ``host:port``; ``pids`` are processes whose listening ports count; ``ports``
    are given ones. With none of them the whole namespace is meant, but only where ``whole`` says
    so.

    Raises:
        NoAim: there is nothing to aim at.
    """
    protocols = PROTOCOLS[str(config.get("protocol") or "any")]
    ways = WAYS[str(config.get("direction") or "both")]
    new_only = bool(config.get("new_only"))
    ports = [int(port) for port in config.get("ports") or ()]
    if config.get("pids"):
        return _at_processes(config, protocols, ports, ways, new_only)
    if config.get("address"):
        return _at_address(str(config["address"]), protocols, ports, ways, new_only)
    if not ports and not config.get("whole"):
        raise NoAim("expected ports, an address or a process that says which packets are meant")
    endpoints = _endpoints(protocols, ports)
    at = ("127.0.0.1", ports[0]) if ports else None
    return Aim(ways, endpoints, new_only=new_only, knock_at=at)


def _at_processes(
    config: Mapping[str, Any], protocols: tuple[int, ...], ports: list[int],
    ways: tuple[str, ...], new_only: bool,
) -> Aim:  # fmt: skip
    found = [
        one
        for one in listeners(int(pid) for pid in config["pids"])
        if one.protocol in protocols and (not ports or one.port in ports)
    ]
    endpoints = tuple((one.protocol, one.port) for one in found) or _endpoints(protocols, ports)
    if not endpoints:
        raise NoAim("its processes listen on no port; say which with `ports`")
    return Aim(ways, tuple(dict.fromkeys(endpoints)), new_only=new_only, knock_at=_door(found))


def _at_address(
    address: str, protocols: tuple[int, ...], ports: list[int], ways: tuple[str, ...],
    new_only: bool,
) -> Aim:  # fmt: skip
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise NoAim(f"the address {address} cannot be resolved: {error}") from error
    hosts = tuple(dict.fromkeys(str(one[4][0]) for one in found))
    wanted = ports or [int(port)]
    return Aim(
        ways,
        _endpoints(protocols, wanted),
        hosts,
        distant=not _is_here(hosts[0]),
        new_only=new_only,
        knock_at=(hosts[0], wanted[0]),
    )


def _endpoints(protocols: Iterable[int], ports: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((protocol, port) for port in ports for protocol in protocols)


def _door(found: list[Listener]) -> tuple[str, int] | None:
    """Return where to knock at one of the TCP listeners, over the loopback device."""
    for one in found:
        if one.protocol == TCP:
            anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
            return anywhere.get(one.host, one.host), one.port
    return None


def _is_here(host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((host, 0))
        except OSError:
            return False
    return True
