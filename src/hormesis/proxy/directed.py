"""Directed: give a toxic that counts its hits one shaper per direction it acts on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hormesis.words.shaper import Shaper, Stream


def directed(
    stream: Stream, up: Random, down: Random, make: Callable[[Random], Shaper]
) -> tuple[Shaper | None, Shaper | None]:
    """Return what *make* makes for each direction of *stream*, and None for the other one."""
    return (
        make(up) if stream is not Stream.DOWNSTREAM else None,
        make(down) if stream is not Stream.UPSTREAM else None,
    )
