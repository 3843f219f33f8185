"""Reset peer: Toxiproxy's reset, which waits for the first data of its direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from hormesis.words.shaper import Finish, Reset, Shaped, Shaper, Stream, Toxic


class ResetPeer(Toxic):
    """End a connection *after* its first data; the data is swallowed, an idle one is left alone.

    Toxiproxy can reset only connections that were opened under the toxic. Those that were open
    before it came see a plain end of stream.
    """

    after: float = 0.0
    """How many seconds after the first data the connection ends."""
    resets: bool = True
    """Whether it ends with a reset."""

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the ending shaper."""
        return _Ending(self.after, resets=self.resets)


class _Ending:
    def __init__(self, after: float, *, resets: bool) -> None:
        self._after = after
        self.resets = resets
        self.triggered = False

    def opened(self, now: float) -> Iterable[Shaped]:
        return ()

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        if self.triggered:
            return ()
        self.triggered = True
        at = now + self._after
        return (Reset(at) if self.resets else Finish(at),)

    def finished(self, now: float) -> Iterable[Shaped]:
        return self.received(b"", now)

    def removed(self, now: float) -> Iterable[Shaped]:
        return ()

    def succeeds(self, former: Shaper, held: Sequence[bytes], now: float) -> Iterable[Shaped]:
        """Go on waiting, or count the new time from now if the first data has come."""
        if not isinstance(former, _Ending):
            return ()
        self.resets = former.resets
        return self.received(b"", now) if former.triggered else ()
