"""Turnout: whether as many users were at work as the load's shape wanted.

A load that has too few users asks less of the system than it says, and nothing in its latencies
tells: a user that is still being opened makes no operation that could be slow.
"""

from __future__ import annotations

from collections.abc import Callable

MISSING_SHARE = 0.1
"""So much of the wanted number may be missing."""
SHORT_SHARE = 0.1
"""For so much of the load's time more may be missing."""
SHORT_S = 1.0
"""And for so many seconds, which are fewer in a load that lasts less than twice as long."""


class Turnout:
    """Adds up for how long too few users were at work; times are seconds of *now*."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = self._looked = now()
        self._lacked = False
        self._short_s = 0.0
        self._wanted_most = 0
        self._most = 0
        self._worst = (0, 0)
        self._worst_at = 0.0

    def look(self, wanted: int, at_work: int) -> None:
        """Note how many users are wanted from now on, and how many of these are at work."""
        now = self._now()
        if self._lacked:
            self._short_s += now - self._looked
        self._looked = now
        missing = wanted - at_work
        self._lacked = missing > MISSING_SHARE * wanted
        self._wanted_most = max(self._wanted_most, wanted)
        self._most = max(self._most, at_work)
        if missing > self._worst[0] - self._worst[1]:
            self._worst, self._worst_at = (wanted, at_work), now - self._began

    def trouble(self) -> str:
        """Return what the load lacked for a considerable part of its time; empty: nothing."""
        self.look(0, 0)
        lasted_s = self._looked - self._began
        bearable_s = max(SHORT_SHARE * lasted_s, min(SHORT_S, lasted_s / 2))
        if self._short_s <= bearable_s:
            return ""
        short = f"it had too few for {self._short_s:.1f} s of {lasted_s:.1f} s"
        if self._most < self._wanted_most:
            return f"reached {self._most:,} of {self._wanted_most:,} users: {short}"
        wanted, at_work = self._worst
        return f"had {at_work:,} of {wanted:,} users at {self._worst_at:.1f} s: {short}"
