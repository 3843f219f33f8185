"""Stop conditions: what ends a run at once, and puts everything back, before it does more harm."""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.words.check import Check
from hormesis.words.probe import Probe


@dataclass(frozen=True, slots=True)
class StopCondition:
    """A probe whose expectation is missed for ``for_s`` seconds on end, or a check that fails.

    It is looked at every ``every_s`` seconds while the tracks run. Exactly one of ``probe`` and
    ``check`` is given.
    """

    name: str
    probe: Probe | None = None
    check: Check | None = None
    every_s: float = 1.0
    for_s: float = 0.0

    def describe(self) -> str:
        """Return one line for the plan."""
        if self.check is not None:
            return f"{self.check.title()} fails"
        told = self.probe.describe() if self.probe is not None else self.name
        return f"{told} misses for {self.for_s:g} s" if self.for_s else f"{told} misses once"
