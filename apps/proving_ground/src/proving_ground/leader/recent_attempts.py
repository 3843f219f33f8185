"""How often something was asked for, in all and within the last ten seconds."""

from __future__ import annotations

import time
from collections import deque

RECENT_S = 10.0


class RecentAttempts:
    """Counts attempts on the monotonic clock."""

    def __init__(self) -> None:
        self._at_s: deque[float] = deque()
        self.total = 0

    def note(self, at_s: float) -> None:
        """Count an attempt that began at *at_s*."""
        self.total += 1
        self._at_s.append(at_s)

    @property
    def recent(self) -> int:
        """How many began within the last ten seconds."""
        since_s = time.monotonic() - RECENT_S
        while self._at_s and self._at_s[0] < since_s:
            self._at_s.popleft()
        return len(self._at_s)
