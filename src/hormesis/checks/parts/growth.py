"""Growth: whether what happens again and again takes longer as it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS_MIN = 4
"""Fewer than these say nothing of a trend: one slow round would be half of what is compared."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the later half of some durations compares with the earlier half; all in seconds.

    Of an odd number the middle one belongs to neither. ``ratio`` is the later mean by the earlier
    one, which counts as ``resolution_s`` at least: nobody can see a shorter time.
    """

    durations_s: Sequence[float]
    resolution_s: float

    @property
    def ratio(self) -> float:
        """How many times as long the later half took; 1 when neither can be told from nothing."""
        half = len(self.durations_s) // 2
        earlier = max(sum(self.durations_s[:half]) / half, self.resolution_s)
        later = max(sum(self.durations_s[-half:]) / half, self.resolution_s)
        return later / earlier if later > 0 else 1.0

    def describe(self) -> str:
        """Return the durations and what they came to, in words."""
        took = ", ".join(f"{one:.1f} s" for one in self.durations_s)
        return f"{took}: the later half took {self.ratio:.1f} times as long as the earlier half"


def growth_of(durations_s: Sequence[float], resolution_s: float) -> Growth | None:
    """Return how *durations_s* grew, in their order; None when they are too few to say."""
    return Growth(durations_s, resolution_s) if len(durations_s) >= ROUNDS_MIN else None
