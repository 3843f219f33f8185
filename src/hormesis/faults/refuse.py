"""Refuse: a target turns new connections away."""

from __future__ import annotations

from typing import Any, ClassVar

from hormesis.faults.parts.packet_fault import BY_FILTER, PacketFault, connect_told
from hormesis.words.fault import Mechanism
from hormesis.words.look import Reading, figure


class Refuse(PacketFault):
    """Refuse new connections to a target, and answer its datagrams with "unreachable".

    It looks as if nobody listened any more, while live connections go on.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_FILTER,)

    def config(self) -> dict[str, Any]:
        """Return what the holder does."""
        return {"action": "refuse"}

    def bite(self, now: Reading) -> str:
        """Return how many were refused."""
        refused = figure(now, "hit")
        return f"refused {refused:.0f} times{connect_told(now)}" if refused else ""
