"""Pause a container: it keeps its connections but does nothing."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.container_fault import ContainerFault
from hormesis.words.look import Reading


class ContainerPause(ContainerFault):
    """Freeze all processes of a container; on release they go on.

    To its peers it looks hung, not gone: connections stay open and nothing answers. Its processes
    cannot notice, except by the clock.
    """

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "pause"}

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof that it is frozen."""
        return f"container {now.get('name')} is paused" if now.get("paused") is True else ""

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that it goes on."""
        if now.get("paused") is False and now.get("status") == "running":
            return f"container {now.get('name')} goes on"
        return ""
