"""Stop a container and start it again on release."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.container_fault import ContainerEndFault
from hormesis.words.units import Seconds


class ContainerStop(ContainerEndFault):
    """Stop a container the polite way (its stop signal, then SIGKILL after the grace).

    While it is stopped it is off its networks, and its name does not resolve there. On release it
    is started as before. A container that the engine removes when it ends (`--rm`) is refused.
    """

    grace: Seconds = 5.0
    """How long it may take to end by itself before it is killed, in whole seconds."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "stop", "grace_s": self.grace}
