"""Partition: a target and its peers no longer reach each other."""

from __future__ import annotations

from typing import Any, ClassVar

from hormesis.faults.parts.packet_fault import BY_FILTER, PacketFault, connect_told
from hormesis.words.fault import Mechanism
from hormesis.words.look import Reading, figure


class Partition(PacketFault):
    """Drop every packet between a target and its peers; nobody is told.

    Connections stay open on both sides and hang. With ``direction: in`` the target still sends and
    nothing reaches it; with ``out`` requests arrive and answers vanish. With ``new_only`` only new
    TCP connections hang, and live ones go on.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_FILTER,)

    new_only: bool = False
    """Whether only the opening of new TCP connections is dropped."""

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "drop", "new_only": self.new_only}

    def bite(self, now: Reading) -> str:
        """Return how many packets were dropped."""
        dropped = figure(now, "hit")
        return f"dropped {dropped:.0f} packets{connect_told(now)}" if dropped else ""
