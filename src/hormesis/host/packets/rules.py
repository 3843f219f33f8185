"""The rules of a packet fault: its table, made for what this kernel knows."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hormesis.host.packets import nf_tables
from hormesis.host.packets.aim import ACK as ACK_FLAG
from hormesis.host.packets.aim import RST, SYN, Aim
from hormesis.host.packets.netlink import Refusal
from hormesis.host.packets.nf_tables import INPUT, OUTPUT, Count, Expressions, Table
from hormesis.host.packets.sockets import TCP, UDP

_CHAINS = {INPUT: "input", OUTPUT: "output"}
_PRIORITIES = {INPUT: 150, OUTPUT: -150}
"""After the addresses were translated back, and before they are translated."""
OWN_MARK = 0x686F726D
"""The mark of packets that the holder sends itself; they pass untouched."""


class NoQueues(Exception):
    """The kernel has no queues, which the fault needs."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to the packets aimed at: drop, refuse, reset or queue.

    ``share`` is the share of packets dropped. ``queues`` has the queue's number for each way;
    ``hole`` is the number of a queue on which nobody listens.
    """

    name: str
    share: float = 1.0
    queues: Mapping[str, int] = field(default_factory=dict)
    hole: int = 0


def laid(
    name: str, aim: Aim, action: Action, lasting_s: float | None
) -> Table:
    """Make the table *name*, which acts at once, and return it.

    Raises:
        NoQueues: the fault needs queues and the kernel has none.
        Refusal: the kernel refused it.
    """
    for native in (True, False, None):
        if native is None and action.queues:
            break
        table = _written(name, aim, action, lasting_s, native)
        try:
            table.commit()
        except Refusal as error:
            table.close()
            if error.errno != errno.ENOENT or native is None:
                raise
        else:
            return table
    raise NoQueues("the kernel has no packet queues (NFT_QUEUE or NETFILTER_XT_TARGET_NFQUEUE)")


def _written(
    name: str, aim: Aim, action: Action, lasting_s: float | None, native: bool | None
) -> Table:
    table = Table(name)
    for counter in ("to", "from", "hit"):
        table.counter(counter)
    alive = table.guard(lasting_s)
    places = list(aim.places())
    chains = dict.fromkeys((way, hook) for way, hook, _ in places)
    for way, hook in chains:
        table.chain(f"{way}-{_CHAINS[hook]}")
        for parts in _deeds(action, way, hook, native):
            table.rule(f"{way}-{_CHAINS[hook]}", *parts)
    for hook in dict.fromkeys(hook for _, hook in chains):
        table.chain(f"at-{_CHAINS[hook]}")
        table.rule(f"at-{_CHAINS[hook]}", nf_tables.mark(OWN_MARK), nf_tables.accept())
        for way, at, match in places:
            if at == hook:
                table.rule(
                    f"at-{_CHAINS[hook]}", match, nf_tables.counted(way),
                    nf_tables.jump(f"{way}-{_CHAINS[hook]}"),
                )  # fmt: skip
        table.chain(_CHAINS[hook], hook=hook, priority=_PRIORITIES[hook])
        table.rule(_CHAINS[hook], alive, nf_tables.jump(f"at-{_CHAINS[hook]}"))
    return table


def _deeds(
    action: Action, way: str, hook: int, native: bool | None
) -> Iterator[tuple[Expressions, ...]]:
    hit = nf_tables.counted("hit")
    tcp, udp = nf_tables.protocol(TCP), nf_tables.protocol(UDP)
    if action.name == "queue":
        number = action.queues[way]
        yield (hit, nf_tables.queue(number, bypass=True, native=bool(native)))
    elif action.name == "refuse" and way == "to":
        new = nf_tables.flags(SYN | ACK_FLAG, SYN)
        yield (tcp, new, hit, nf_tables.reset())
        yield (udp, hit, nf_tables.unreachable())
    elif action.name == "reset":
        # A reset is never answered with one, and must get through: it is the fault.
        yield (tcp, nf_tables.flags(RST, 0), hit, nf_tables.reset())
    elif action.name == "drop":
        some = nf_tables.chance(action.share) if action.share < 1 else ()
        yield (some, hit, _gone(hook, action, native))


def _gone(hook: int, action: Action, native: bool | None) -> Expressions:
    """Return what makes a packet vanish; without queues its sender may be told."""
    if hook == INPUT or native is None or not action.hole:
        return nf_tables.drop()
    return nf_tables.queue(action.hole, bypass=False, native=native)


def total(counts: Mapping[str, Count]) -> Count:
    """Return what was matched, both ways."""
    found = [counts[name] for name in ("to", "from") if name in counts]
    return Count(sum(one.packets for one in found), sum(one.bytes for one in found))
