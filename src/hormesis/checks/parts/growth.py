"""Growth: whether what happens again and again takes longer as it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS_MIN = 4
"""Fewer than these say nothing of a trend: one slow round would be half of what is compared."""
_LOOKS_TOLD_APART = 5
"""A time shorter than so many looks is as good as any other: each is known to a look only."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the later half of some durations compares with the earlier half; all in seconds.

    The quickest of each half are compared, because whatever else a machine does makes a round
    slower, never quicker. Of an odd number the middle one belongs to neither. ``look_s`` is how
    far apart the looks were.
    """

    durations_s: Sequence[float]
    look_s: float

    @property
    def ratio(self) -> float:
        """How many times as long the later half took."""
        half, least = len(self.durations_s) // 2, _LOOKS_TOLD_APART * self.look_s
        earlier = max(min(self.durations_s[:half]), least)
        later = max(min(self.durations_s[-half:]), least)
        return later / earlier if later > 0 else 1.0

    def describe(self) -> str:
        """Return the durations and what they came to, in words."""
        took = ", ".join(f"{one:.1f} s" for one in self.durations_s)
        return (
            f"{took}: the quickest of the later half took {self.ratio:.1f} times as long as the "
            "quickest of the earlier half"
        )


def growth_of(durations_s: Sequence[float], look_s: float) -> Growth | None:
    """Return how *durations_s* grew, in their order; None when they are too few to say."""
    return Growth(durations_s, look_s) if len(durations_s) >= ROUNDS_MIN else None
