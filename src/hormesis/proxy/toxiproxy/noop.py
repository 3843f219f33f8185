"""Noop: a toxic that does nothing, which clients may add all the same."""

from __future__ import annotations

from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Shaper, Stream, Toxic


class Noop(Toxic):
    """Pass everything on at once."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the shaper that changes nothing."""
        return Passing()
