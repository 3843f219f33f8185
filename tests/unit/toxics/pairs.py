"""Run both directions of one connection through a toxic, in given pieces and virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from hypothesis import strategies as st

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Hits, Reset, Send, Shaped, Toxic


class Pair:
    """One connection as *toxic* shapes it; ``up`` and ``down`` are what came out, with moments."""

    def __init__(self, toxic: Toxic, hits: Hits | None = None, seed: int = 1) -> None:
        self.hits = hits or toxic.hits()
        up, down = toxic.pair(Random(seed), Random(seed + 1), self.hits)
        self._up, self._down = up or Passing(), down or Passing()
        self.up: list[Shaped] = []
        self.down: list[Shaped] = []

    def ask(self, data: bytes, now: float = 0.0) -> bytes:
        """Send *data* from the client; return what leaves for the server now."""
        return self._fed(self.up, self._up.received(data, now))

    def answer(self, data: bytes, now: float = 0.0) -> bytes:
        """Send *data* from the server; return what leaves for the client now."""
        return self._fed(self.down, self._down.received(data, now))

    def finish(self, now: float = 0.0) -> None:
        """End both directions."""
        self.up += self._up.finished(now)
        self.down += self._down.finished(now)

    def remove(self, now: float = 0.0) -> None:
        """Take the toxic away."""
        self.up += self._up.removed(now)
        self.down += self._down.removed(now)

    @staticmethod
    def _fed(out: list[Shaped], shaped: Iterable[Shaped]) -> bytes:
        new = list(shaped)
        out += new
        return data_of(new)


def data_of(shaped: Iterable[Shaped]) -> bytes:
    """Return the bytes of *shaped*."""
    return b"".join(one.data for one in shaped if isinstance(one, Send))


def ends(shaped: Iterable[Shaped]) -> list[str]:
    """Return how *shaped* ends the stream."""
    return [type(one).__name__ for one in shaped if isinstance(one, Finish | Reset)]


def moments(shaped: Iterable[Shaped]) -> list[tuple[float, bytes]]:
    """Return every byte with its moment, so that grouping does not matter."""
    return [(one.at, bytes([byte])) for one in shaped if isinstance(one, Send) for byte in one.data]


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return *data* cut at *cuts*, which may be any numbers."""
    inside = sorted({cut % len(data) for cut in cuts} - {0}) if data else []
    return [data[a:b] for a, b in zip([0, *inside], [*inside, len(data)], strict=True)]


CUTS: st.SearchStrategy[Sequence[int]] = st.one_of(
    st.just(range(2000)), st.lists(st.integers(0, 10**4), max_size=12)
)
"""Where a stream is cut: everywhere at its beginning, or in a few places."""
