"""Rounds: when a fault track begins, the first time and every time that it comes again."""

from __future__ import annotations

from collections.abc import Iterator

from hormesis.words.experiment import FaultTrack
from hormesis.words.randomness import stream_of


def starts_of(track: FaultTrack, seed: int) -> Iterator[float]:
    """Yield the start of each round of *track*, in seconds from the start of the tracks.

    Gaps are drawn with the sub-stream ``repeat, TRACK`` of *seed*. A round never begins before the
    one before it is to be released.
    """
    yield track.at_s
    if (repeat := track.repeat) is None:
        return
    rng = stream_of(seed, "repeat", track.name)
    at_s, number = track.at_s, 1
    while repeat.times is None or number < repeat.times:
        gap_s = repeat.gap_s_min
        if repeat.gap_s_max > repeat.gap_s_min:
            gap_s = round(rng.uniform(repeat.gap_s_min, repeat.gap_s_max), 3)
        at_s = round(at_s + max(gap_s, track.for_s), 6)
        number += 1
        if repeat.until_s is not None and at_s >= repeat.until_s:
            return
        yield at_s
