"""Toxics and shapers: bytes and time in; timed bytes, FIN or RST out. Pure, sans I/O.

One shaper serves one direction of one connection. The proxy feeds it and obeys what it returns;
outputs of one shaper feed the next in the chain. Times are seconds of the proxy's own clock.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Protocol

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


class Toxic(Kind):
    """A fault inside the TCP proxy."""

    stream: Stream = Stream.DOWNSTREAM
    """Which direction it acts on."""

    refuses: bool = False
    """True when connections are refused and live ones closed instead of shaped."""

    @abstractmethod
    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the shaper for one direction of one connection; *rng* is that connection's own."""
