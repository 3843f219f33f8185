"""Reset: connections end with a TCP reset."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Reset as ResetAt
from hormesis.words.shaper import Send, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class Reset(Toxic):
    """Reset every connection *after* it met the toxic, new and live ones, busy and idle ones.

    Data passes until then. Both ends see the reset.
    """

    after: Seconds = 0.0
    """How long a connection lives on; 0: not at all."""
    on_data: bool = False
    """Whether the time begins with the first data, which is swallowed; idle ones are left alone."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the resetting shaper."""
        return _Resetting(self)


class _Resetting(Passing):
    def __init__(self, toxic: Reset) -> None:
        self._after = toxic.after
        self._waits = toxic.on_data

    def opened(self, now: float) -> Iterable[Shaped]:
        return () if self._waits else (ResetAt(now + self._after),)

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        return (ResetAt(now + self._after),) if self._waits else (Send(now, data),)
