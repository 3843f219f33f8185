"""Toxics and shapers: bytes and time in; timed bytes, FIN or RST out. Pure, sans I/O.

One shaper serves one direction of one connection. The proxy feeds it and obeys what it returns;
outputs of one shaper feed the next in the chain. Times are seconds of the proxy's own clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import ClassVar, Protocol

from pydantic import Field

from hormesis.words.kind import Kind


class Stream(str, Enum):
    """A direction: upstream is client to server, downstream is server to client."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Send:
    """Pass *data* on at time *at* (not before)."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """Pass an end of stream on at time *at*."""

    at: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Tear both sides of the connection down with a TCP reset at time *at*."""

    at: float


Shaped = Send | Finish | Reset


class Shaper(Protocol):
    """One direction of one connection, as one toxic sees it."""

    def opened(self, now: float) -> Iterable[Shaped]:
        """React to the toxic meeting this connection (a new one, or a live one)."""
        ...

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """React to bytes from the sender."""
        ...

    def finished(self, now: float) -> Iterable[Shaped]:
        """React to the sender's end of stream."""
        ...

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give back whatever is still held, in order, when the toxic is taken away."""
        ...


_SAID_MAX = 60
"""Bytes that are kept of a request that a toxic lets alone."""
_MISSES_MAX = 3
"""So many of them are kept."""


@dataclass(slots=True)
class Hits:
    """How often one toxic may act, and how often it did, over all connections of its link."""

    skip: int = 0
    """So many occasions pass before the first hit."""
    first: int | None = None
    """So many hits at most; None: no limit."""
    met: int = 0
    """Occasions so far."""
    taken: int = 0
    """Occasions that were to be hit."""
    count: int = 0
    """Hits that the toxic itself has counted as really done."""
    missed: int = 0
    """Requests so far that were none of the occasions, where the toxic tells them apart."""
    last_missed: tuple[str, ...] = ()
    """The last few of them, each cut short."""

    def miss(self, text: bytes, *, times: int = 1) -> None:
        """Note a request that is not one of the occasions; 0 *times*: only what it says."""
        self.missed += times
        said = " ".join(text[:_SAID_MAX].decode(errors="replace").split())
        if said:
            self.last_missed = (*self.last_missed[1 - _MISSES_MAX :], said)

    def take(self, chosen: bool = True) -> bool:
        """Return whether this occasion, one more, is to be hit, if it was *chosen* at all."""
        self.met += 1
        spent = self.first is not None and self.taken >= self.first
        if self.met <= self.skip or spent or not chosen:
            return False
        self.taken += 1
        return True


class Toxic(Kind):
    """A fault inside the TCP proxy."""

    counts_hits: ClassVar[bool] = False
    """True when it counts its own hits; else they are the chunks it keeps and connections it ends.
    """
    counts_requests: ClassVar[bool] = False
    """True when ``first`` counts requests, which the toxic tells apart, instead of connections."""

    stream: Stream = Stream.DOWNSTREAM
    """Which direction it acts on."""

    refuses: bool = False
    """True when connections are refused and live ones closed instead of shaped."""

    first: int | None = Field(default=None, ge=1)
    """Only the first so many connections (requests, where it tells them apart) are hit."""

    def hits(self) -> Hits:
        """Return the count of this toxic's hits, made once when it comes to a link."""
        return Hits(first=self.first if self.counts_requests else None)

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the shaper for one direction of one connection; *rng* is that connection's own.

        A toxic has this or its own :meth:`pair`.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither shaper() nor pair()")

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shapers of both directions of one connection; None leaves a direction alone.

        A toxic whose directions must know of each other, or that counts, has its own.
        """
        upstream = self.stream is not Stream.DOWNSTREAM
        downstream = self.stream is not Stream.UPSTREAM
        return (
            self.shaper(Stream.UPSTREAM, up) if upstream else None,
            self.shaper(Stream.DOWNSTREAM, down) if downstream else None,
        )
