"""Stop conditions: what ends a run at once, and puts everything back, before it does more harm."""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.words.check import Check
from hormesis.words.probe import Probe

ABORTED = "aborted"
"""The reason of an end that a failed threshold asked for; the run has failed."""
STOPPED = "stopped"
"""The reason of an end that a limit asked for."""


@dataclass(frozen=True, slots=True)
class StopCondition:
    """A probe whose expectation is missed for ``for_s`` seconds on end, or a check that fails.

    It is looked at every ``every_s`` seconds while the tracks run. Exactly one of ``probe`` and
    ``check`` is given. It is first looked at after ``delay_s`` seconds; one that ``aborts`` fails
    the run, where another only ends it.
    """

    name: str
    probe: Probe | None = None
    check: Check | None = None
    every_s: float = 1.0
    for_s: float = 0.0
    delay_s: float = 0.0
    aborts: bool = False

    @property
    def reason(self) -> str:
        """Return the reason of the end that it asks for."""
        return ABORTED if self.aborts else STOPPED

    def describe(self) -> str:
        """Return one line for the plan."""
        if self.check is not None:
            since = f", from {self.delay_s:g} s on" if self.delay_s else ""
            return f"{self.check.title()} fails{since}"
        told = self.probe.describe() if self.probe is not None else self.name
        return f"{told} misses for {self.for_s:g} s" if self.for_s else f"{told} misses once"
