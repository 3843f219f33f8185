"""Repeats: how a fault track comes again, and what cannot be meant by that."""

from __future__ import annotations

from hormesis.spec.frames import FaultFrame, GapFrame
from hormesis.spec.node import Node, Problems, keys_told
from hormesis.words.experiment import Repeat
from hormesis.words.units import text_of_seconds

ROUNDS_MAX = 1000
"""How many rounds a track may have; more would be a load, not a fault."""


def read_repeat(frame: FaultFrame, track: Node, problems: Problems) -> Repeat | None:
    """Return how the fault track *frame* comes again; None when it does not, or not sensibly."""
    told = frame.repeat
    if told is None:
        return None
    node = track.under("repeat")
    shortest, longest = (
        (told.every.min, told.every.max)
        if isinstance(told.every, GapFrame)
        else (told.every, told.every)
    )
    if (told.times is None) == (told.until is None):
        problem = "both" if told.times else f"only {keys_told(node)}"
        problems.add(node, f"expected one of until and times, found {problem}")
        return None
    if shortest > longest:
        at = node.under("every")
        message = f"expected a min of at most the max, found {text_of_seconds(shortest)}"
        problems.add(at, f"{message} and {text_of_seconds(longest)}")
        return None
    if told.until is not None and told.until <= frame.at:
        message = f"expected a moment after {text_of_seconds(frame.at)}, when it begins"
        problems.add(
            node.under("until"),
            f"{message}, found {text_of_seconds(told.until)}",
            "`until` counts from the start of the tracks, like `at`",
        )
        return None
    gap_s = max(shortest, frame.for_ or 0.0)
    if told.until is not None and (told.until - frame.at) / gap_s > ROUNDS_MAX:
        most = f"{(told.until - frame.at) / gap_s:.0f}"
        problems.add(node, f"expected at most {ROUNDS_MAX} rounds, found up to {most}")
        return None
    return Repeat(shortest, longest, told.times, told.until)
