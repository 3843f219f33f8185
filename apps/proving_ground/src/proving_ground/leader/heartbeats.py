"""Heartbeats: when each part of the trader last did what it is there for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

SCAN, ORDER, MARKET_DATA = "scan", "order", "market_data"


class Heartbeats:
    """Ages of three heartbeats, in seconds of the monotonic clock."""

    def __init__(self) -> None:
        now_s = time.monotonic()
        self._at_s = dict.fromkeys((SCAN, ORDER, MARKET_DATA), now_s)
        self.on_hidden: Callable[[str], None] = lambda _of: None

    def beat(self, of: str) -> None:
        """Note that *of* did its work just now."""
        self._at_s[of] = time.monotonic()

    def hide(self) -> None:
        """Let nobody see them any more: the planted defect."""
        for name in self._at_s:
            self.on_hidden(name)
        self.on_hidden = lambda _of: None

    def age_s(self, of: str) -> float:
        """Return how long ago *of* last did its work."""
        return time.monotonic() - self._at_s[of]

    def ages_s(self) -> Mapping[str, float]:
        """Return the age of each."""
        return {name: self.age_s(name) for name in self._at_s}
