"""Limit the memory that a container may take."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from hormesis.faults.parts.container_fault import LIVE, ContainerFault, risen
from hormesis.words.fault import Measure
from hormesis.words.look import Reading
from hormesis.words.units import Bytes, text_of_bytes

LEAST_BYTES = 6 << 20
"""Engines refuse less."""


class ContainerMemoryLimit(ContainerFault):
    """Let a container take no more than *memory*, without swap; on release it may take what it did.

    It bites once the container meets the limit: the kernel then takes cached files back from it,
    and when that is not enough kills one of its processes. A container that ended of it is
    started again on release, unless its restart policy has done so. A limit below what the
    container takes already is refused by kernels with control groups of version 1, and kills at
    once with version 2.
    """

    memory: Annotated[Bytes, Field(ge=LEAST_BYTES)]
    """How much it may take; at least 6MiB."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "update", "memory_bytes": self.memory}

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof that it met the limit."""
        if not now.get("status") or now.get("memory_bytes") == now.get("memory_bytes_before"):
            return ""
        met = f"the limit of {text_of_bytes(self.memory)}"
        killed = risen(now, "oom_kills")
        if killed or now.get("oom_killed"):
            return f"the kernel killed {killed or 1:.0f} of its processes at {met}"
        if now.get("status") not in LIVE or now.get("started_at") != now.get("started_before"):
            return f"container {now.get('name')} ended under {met}"
        times = risen(now, "memory_refused")
        return f"met {met} {times:.0f} times" if times else ""

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the former limit is back and the container runs."""
        was = now.get("memory_bytes_before")
        if was is None or now.get("memory_bytes") != was or now.get("status") != "running":
            return ""
        return f"the limit is {text_of_bytes(int(was))} again" if was else "it has no limit again"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the limit that the kernel says is in force."""
        seen = now.get("memory_limit_bytes")
        if not isinstance(seen, int | float):
            return None
        return Measure(self.memory / 1e6, float(seen) / 1e6, "MB")
