"""Down: the address refuses connections."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Shaped, Shaper, Stream, Toxic


class Down(Toxic):
    """Refuse new connections and close live ones, as if the server's process had gone.

    Connects get ECONNREFUSED. Removing it makes the same address listen again.
    """

    refuses: bool = True
    """Always: this is what the toxic is."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the shaper of a connection that was accepted just before the toxic came."""
        return _Closing()


class _Closing(Passing):
    def opened(self, now: float) -> Iterable[Shaped]:
        return (Finish(now),)
