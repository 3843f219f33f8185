"""Restart a container: stop it and start it again at once."""

from __future__ import annotations

from typing import Any, ClassVar

from hormesis.faults.parts.container_fault import ContainerEndFault
from hormesis.words.units import Seconds


class ContainerRestart(ContainerEndFault):
    """Restart a container as a deployment would: stop signal, grace, start.

    With ``for`` it stays down that long; without, it is started as soon as it has ended.
    """

    momentary: ClassVar[bool] = True

    grace: Seconds = 5.0
    """How long it may take to end by itself before it is killed, in whole seconds."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "stop", "grace_s": self.grace}
