"""Randomness as a parameter: one seed, named sub-streams.

Drawing from one stream never disturbs another, so adding a track does not re-roll the others.
"""

from __future__ import annotations

import hashlib
from random import Random


def stream_of(seed: int, *names: str | int) -> Random:
    """Return the generator of the sub-stream *names* of *seed*; equal input, equal stream."""
    text = "\x1f".join([str(seed), *map(str, names)])
    return Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))
