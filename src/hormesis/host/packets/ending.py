"""Ending: reset the live connections of a target, those that say nothing included."""

from __future__ import annotations

from hormesis.host.packets.aim import Aim
from hormesis.host.packets.netlink import Refusal
from hormesis.host.packets.sockets import Connections

LOOK_S = 0.05
"""How often the connections are listed, in seconds."""


class Ending:
    """Ends each connection when it has been known for ``after_s`` seconds."""

    def __init__(self, aim: Aim, after_s: float) -> None:
        self.aborted = 0
        self._aim = aim
        self._after_s = after_s
        self._connections = Connections()
        self._known: dict[tuple[int, bytes], float] = {}
        self._next = 0.0
        self._able = True

    def look(self, now: float) -> None:
        """End what is old enough; looks no more often than it should.

        A kernel without the power to end sockets leaves them to the packet filter, which resets
        them at their next packet.
        """
        if now < self._next or not self._able:
            return
        self._next = now + LOOK_S
        aim = self._aim
        ports = [port for _, port in aim.endpoints]
        live = set(self._connections.of_aim(ports, aim.hosts, distant=aim.distant))
        self._known = {one: self._known.get(one, now) for one in live}
        for one, since in list(self._known.items()):
            if now - since >= self._after_s:
                self._end(*one)

    def _end(self, family: int, identity: bytes) -> None:
        try:
            self.aborted += self._connections.end(family, identity)
        except Refusal:
            self._able = False
