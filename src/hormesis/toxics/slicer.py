"""Slicer: data arrives in small pieces."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import ClassVar

from pydantic import Field, model_validator

from hormesis.proxy.directed import directed
from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Hits, Send, Shaped, Shaper, Toxic
from hormesis.words.units import Bytes, Seconds


class Slicer(Toxic):
    """Cut each chunk into pieces of *average_size* ± *size_variation*, *delay* apart.

    The first piece leaves at once. What is cut is what the proxy reads in one go.
    """

    counts_hits: ClassVar[bool] = True

    average_size: Bytes = Field(default=64, gt=0)
    """Bytes of a piece, on average."""
    size_variation: Bytes = Field(default=0, ge=0)
    """By how much a piece may be smaller or larger; evenly spread."""
    delay: Seconds = 0.0
    """How long the line rests after each piece."""

    @model_validator(mode="after")
    def _possible(self) -> Slicer:
        if self.size_variation > self.average_size:
            raise ValueError("expected a size_variation of at most average_size")
        return self

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the cutting shapers."""
        return directed(self.stream, up, down, lambda rng: _Slicing(self, rng, hits))


class _Slicing(Passing):
    def __init__(self, toxic: Slicer, rng: Random, hits: Hits) -> None:
        self._toxic = toxic
        self._rng = rng
        self._hits = hits
        self._free_at = float("-inf")

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        start = 0
        while start < len(data):
            size = self._drawn()
            at = max(self._free_at, now)
            self._free_at = at + self._toxic.delay
            if start or size < len(data):
                self._hits.count += 1
            yield Send(at, data[start : start + size])
            start += size

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(max(self._free_at, now)),)

    def _drawn(self) -> int:
        """Return the next piece's size; at least one byte, or nothing would ever pass."""
        toxic = self._toxic
        spread = toxic.size_variation
        return max(1, toxic.average_size + self._rng.randint(-spread, spread))
