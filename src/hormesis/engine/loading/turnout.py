"""Turnout: whether as many users were at work as the load's shape wanted.

A load that has too few users asks less of the system than it says, and nothing in its latencies
tells: a user that is still being opened makes no operation that could be slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

PATIENCE_S = 1.0
"""How long a user may take from being wanted to being at work."""
MISSING_SHARE = 0.1
"""So much of the wanted number may be missing for longer."""
SHORT_SHARE = 0.1
"""For so much of the load's time even more may be missing."""
SHORT_S = 1.0
"""And for so many seconds, which are fewer in a load that lasts less than twice as long."""


class Turnout:
    """Adds up for how long too few users were at work; times are seconds of *now*."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began = self._looked = now()
        self._steps = deque([(self._began, 0)])
        """When which number was wanted, of the last :data:`PATIENCE_S`."""
        self._at_work = 0
        self._lacking = False
        self._short_s = 0.0
        self._wanted_most = 0
        self._most = 0
        self._worst = (0, 0)
        self._worst_at = 0.0

    def look(self, wanted: int, at_work: int) -> None:
        """Note how many users are wanted from now on, and how many of these are at work."""
        now = self._now()
        self._pass_to(now)
        if wanted != self._steps[-1][1]:
            self._steps.append((now, wanted))
        self._at_work = at_work
        self._wanted_most = max(self._wanted_most, wanted)
        self._most = max(self._most, at_work)

    def _pass_to(self, now: float) -> None:
        steps = self._steps
        while len(steps) > 1 and steps[1][0] <= now - PATIENCE_S:
            steps.popleft()
        wanted = min(each for _, each in steps)
        missing = wanted - self._at_work
        since, self._looked = self._looked, now
        if missing <= MISSING_SHARE * wanted:
            self._lacking = False
            return
        if not self._lacking:
            # What is lacking now was wanted already as long ago as patience lasts.
            since = max(min(since, steps[-1][0]) - PATIENCE_S, self._began)
            self._lacking = True
        self._short_s += now - since
        if missing > self._worst[0] - self._worst[1]:
            self._worst, self._worst_at = (wanted, self._at_work), since - self._began

    def trouble(self) -> str:
        """Return what the load lacked for a considerable part of its time; empty: nothing."""
        self._pass_to(self._now())
        lasted_s = self._looked - self._began
        short_s = min(self._short_s, lasted_s)
        bearable_s = max(SHORT_SHARE * lasted_s, min(SHORT_S, lasted_s / 2))
        if short_s <= bearable_s:
            return ""
        short = f"it had too few for {short_s:.1f} s of {lasted_s:.1f} s"
        if self._most < self._wanted_most:
            return f"reached {self._most:,} of {self._wanted_most:,} users: {short}"
        wanted, at_work = self._worst
        return f"had {at_work:,} of {wanted:,} users at {self._worst_at:.1f} s: {short}"
