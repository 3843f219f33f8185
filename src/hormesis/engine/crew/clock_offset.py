"""Clock offset: how far another machine's monotonic clock is from ours, and how sure that is.

One reading asks for the other's time and keeps when it asked and when it was answered. Cristian's
method: the other read its clock somewhere between the two, so the middle is wrong by at most half
of the round trip. As in NTP's clock filter the reading with the shortest round trip is believed.

F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3 (1989); RFC 5905, 10.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_WINDOW = 16
"""The best of so many latest readings is the offset now: clocks drift apart."""


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One reading: the true offset is ``offset_ns`` ± ``uncertainty_ns``."""

    uncertainty_ns: int
    offset_ns: int

    @classmethod
    def of(cls, asked_ns: int, theirs_ns: int, answered_ns: int) -> Reading:
        """Return the reading of a clock that said *theirs_ns* between two moments of ours."""
        half = (answered_ns - asked_ns + 1) // 2
        return cls(uncertainty_ns=half, offset_ns=theirs_ns - (asked_ns + half))


class ClockOffset:
    """The other's clock minus ours, in nanoseconds, from many readings."""

    def __init__(self, first: Reading) -> None:
        self._latest = deque([first], maxlen=_WINDOW)
        self.agreed = first
        """What the other's times are counted with."""

    def add(self, reading: Reading) -> None:
        """Take another reading."""
        self._latest.append(reading)

    def agree(self) -> Reading:
        """Settle on the best reading so far, and return it."""
        self.agreed = self.now
        return self.agreed

    @property
    def now(self) -> Reading:
        """The best of the latest readings."""
        return min(self._latest)

    @property
    def drift_ns(self) -> int:
        """How much further away it is now than was agreed; 0 while that may be uncertainty."""
        now, agreed = self.now, self.agreed
        drift = now.offset_ns - agreed.offset_ns
        return drift if abs(drift) > now.uncertainty_ns + agreed.uncertainty_ns else 0
