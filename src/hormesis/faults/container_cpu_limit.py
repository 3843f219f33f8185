"""Limit the CPU time that a container gets."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hormesis.faults.parts.container_fault import ContainerFault, risen
from hormesis.words.fault import Measure
from hormesis.words.look import Reading

ENOUGH_S = 0.2
"""Over less time than this, in seconds, the rate of CPU time says nothing."""


class ContainerCpuLimit(ContainerFault):
    """Give a container no more CPU time than *cpus*; on release it has what it had.

    It bites once the kernel has held the container back: one that takes less anyway is not hurt.
    """

    cpus: float = Field(gt=0)
    """How many CPUs' worth of time it gets: 0.5 is half of one CPU, 2 is two whole ones."""

    def action(self) -> dict[str, Any]:
        """Return the action."""
        return {"action": "update", "cpus": self.cpus}

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof that it was held back."""
        times = risen(now, "throttled")
        if not times or now.get("cpus") == now.get("cpus_before"):
            return ""
        took = f", took {_rate(now):.2f} CPUs" if risen(now, "at_s") >= ENOUGH_S else ""
        return f"held back {times:.0f} times{took} (limit {self.cpus:g})"

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the former limit is back."""
        was = now.get("cpus_before")
        if was is None or now.get("cpus") != was:
            return ""
        return f"the CPU limit is {was} again" if was else "it has no CPU limit again"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return how many CPUs it took since the limit is there."""
        if risen(now, "at_s") < ENOUGH_S:
            return None
        return Measure(self.cpus, _rate(now), "CPUs")


def _rate(now: Reading) -> float:
    return risen(now, "cpu_s") / risen(now, "at_s")
