"""Exponential backoff with jitter."""

from __future__ import annotations

from random import Random


class Backoff:
    """Pauses that double from *first_s* to *most_s*; each is drawn from its upper half.

    The jitter keeps instances that lost the same server at the same instant from asking for it
    again at the same instant.
    """

    def __init__(self, first_s: float, most_s: float, rng: Random) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._rng = rng
        self._next_s = first_s

    def pause_s(self) -> float:
        """Return the next pause in seconds."""
        pause_s = self._next_s * self._rng.uniform(0.5, 1.0)
        self._next_s = min(self._most_s, 2 * self._next_s)
        return pause_s

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next_s = self._first_s
