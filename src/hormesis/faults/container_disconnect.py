"""Take a container off its networks."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.container_fault import ContainerFault
from hormesis.words.look import AddressLook, EffectLook, Look, Reading
from hormesis.words.target import Target


class ContainerDisconnect(ContainerFault):
    """Take a container off its networks; on release it is back under its names and addresses.

    It loses its interfaces, so what it sends fails at once, and its peers wait in vain: its
    connections are not reset. Where the target has an `address` as well, the fault bites only once
    that address takes no connections. A container on the network of the host, or of another
    container, is refused.
    """

    network: str = ""
    """The one network, by name or id, to take it off; left out: every one that it is on."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "disconnect", "network": self.network}

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        """Return the look at the container, and at its address where one is known."""
        seen = EffectLook()
        return (seen, AddressLook(target.address)) if target.address else seen

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof that it is off its networks."""
        left, every = now.get("networks"), now.get("networks_before")
        if left is None or left == every:
            return ""
        proof = f"container {now.get('name')} is off {now.get('names')}"
        if before.get("connect") != "ok":
            return proof
        return "" if now.get("connect") == "ok" else f"{proof}; a connect: {now.get('connect')}"

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that it is back under its addresses."""
        back = now.get("networks") is not None and now.get("networks") == now.get("networks_before")
        if not back:
            return ""
        if before.get("connect") == "ok" and now.get("connect") != "ok":
            return ""
        elsewhere = ", at another address, since its own was taken" if now.get("moved") else ""
        return f"container {now.get('name')} is on {now.get('names')} again{elsewhere}"
