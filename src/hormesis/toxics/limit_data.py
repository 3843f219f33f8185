"""Limit data: a connection closes once so many bytes have passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.proxy.directed import directed
from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Hits, Send, Shaped, Shaper, Toxic
from hormesis.words.units import Bytes


class LimitData(Toxic):
    """Pass the first *bytes* of each connection, counted from when the toxic met it; then close."""

    counts_hits: ClassVar[bool] = True

    bytes: Bytes = Field(default=0, ge=0)
    """So many bytes pass; with 0, the first data closes the connection."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the counting shapers; each direction has its own limit."""
        return directed(self.stream, up, down, lambda rng: _Limiting(self.bytes, hits))


class _Limiting(Passing):
    def __init__(self, limit: int, hits: Hits) -> None:
        self._left = limit
        self._passed = 0
        self._hits = hits
        self._closed = False

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        if self._closed:
            return
        if passing := data[: self._left]:
            self._left -= len(passing)
            self._passed += len(passing)
            yield Send(now, passing)
        if self._left == 0:
            self._closed = True
            self._hits.count += 1
            yield Finish(now)

    def succeeds(self, former: Shaper, held: Sequence[bytes], now: float) -> Iterable[Shaped]:
        """Count what has passed under the former limit too."""
        if isinstance(former, _Limiting):
            self._passed = former._passed
            self._left = max(0, self._left - self._passed)
        return ()
