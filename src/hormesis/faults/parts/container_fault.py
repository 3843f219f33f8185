"""Container faults: what all faults that a container engine does have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from hormesis.words.fault import Fault
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class ContainerFault(Fault):
    """A fault that is one action on a container, asked of its engine."""

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.CONTAINER})
    means: ClassVar[frozenset[str]] = frozenset({"docker"})
    mechanism: ClassVar[str] = "docker"

    @abstractmethod
    def action(self) -> dict[str, Any]:
        """Return what is asked of the verb ``container``: its ``action`` and what that takes."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call."""
        args = {"subject": target.container, "container": target.container, **self.action()}
        if target.docker:
            args["docker"] = target.docker
        return (VerbCall("container", args),)

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        """Return the look at the container through the engine and the kernel."""
        return EffectLook()


class ContainerEndFault(ContainerFault):
    """A container fault that ends a container, which is started again on release."""

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof that the life of the container is over."""
        name, status = now.get("name"), now.get("status")
        if status == "removed":
            return f"container {name} is gone"
        if not status or (status in LIVE and now.get("started_at") == now.get("started_before")):
            return ""
        code = now.get("exit_code")
        return f"container {name} has ended" + (f" with status {code}" if code is not None else "")

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that it has begun another life."""
        started = now.get("started_at") != now.get("started_before")
        if now.get("status") == "running" and started:
            return f"container {now.get('name')} runs again"
        return ""


LIVE = ("running", "paused")
"""The engine's words for a container that has a main process."""


def risen(reading: Reading, name: str) -> float:
    """Return how much the counter *name* has risen since the fault began; 0 when unknown."""
    first, now = reading.get(f"{name}_first"), reading.get(name)
    if isinstance(first, int | float) and isinstance(now, int | float):
        return max(float(now) - float(first), 0.0)
    return 0.0
