"""Kill a container, at once and without warning."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from hormesis.faults.parts.container_fault import ContainerEndFault


class ContainerKill(ContainerEndFault):
    """Send SIGKILL (or another signal) to a container's main process; on release it is started.

    The engine is asked to do it, so to the engine it is no crash: a restart policy of the container
    does not apply, and it stays down until release. A container that the engine removes when it
    ends (`--rm`) is refused, since it could not be started again.
    """

    momentary: ClassVar[bool] = True

    signal: Literal["KILL", "TERM", "INT", "QUIT", "ABRT", "SEGV"] = "KILL"
    """The signal to send. A main process hears only those that it handles, except KILL."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "kill", "signal": self.signal}
