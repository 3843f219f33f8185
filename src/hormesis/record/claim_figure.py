"""Claim figure: the figure that a claim is about, over some stretches or in the worst of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hormesis.record.claim import Claim
from hormesis.record.extent import clipped
from hormesis.record.figure import Values
from hormesis.words.window import Stretch

STEP_S = 1.0
"""How far apart the stretches begin among which the worst is sought; less for short ones."""
_STEPS_OF_SHORT = 4
_STRETCHES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, of how many values, and the stretch that it was found in when it is the worst."""

    value: float
    count: int
    stretch: Stretch | None = None


def figure_of(claim: Claim, values: Values, lasted_s: float) -> Figure | None:
    """Return the figure of all *values*; None when it has no meaning."""
    value = values.figure(claim.aggregation, claim.percent, lasted_s)
    return None if value is None else Figure(value, values.count)


def worst_of(claim: Claim, values: Values, stretches: Sequence[Stretch]) -> Figure | None:
    """Return the figure that breaks *claim* most, or keeps it least; None without any."""
    worst: Figure | None = None
    for start, end in stretches:
        part = values.within(start, end)
        value = part.figure(claim.aggregation, claim.percent, end - start)
        if value is None:
            continue
        if worst is None or claim.excess(value) > claim.excess(worst.value):
            worst = Figure(value, part.count, (start, end))
    return worst


def stretches_of(length_s: float, within: Sequence[Stretch]) -> list[Stretch]:
    """Return the stretches of *length_s* seconds in *within*, a second or less apart.

    The last one of each ends where it ends.
    """
    whole = sum(end - start for start, end in within)
    step_s = max(min(STEP_S, length_s / _STEPS_OF_SHORT), whole / _STRETCHES_MAX)
    return [one for each in within for one in _steps(each, length_s, step_s)]


def _steps(within: Stretch, length_s: float, step_s: float) -> Iterator[Stretch]:
    start, end = within
    room_s = end - start - length_s
    if room_s < -1e-9:
        return
    for number in range(math.ceil(max(0.0, room_s) / step_s - 1e-9)):
        yield start + number * step_s, start + number * step_s + length_s
    yield end - length_s, end


def last_of(length_s: float, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return what of *stretches* lies in their last *length_s* seconds."""
    if not stretches:
        return []
    end = stretches[-1][1]
    return clipped(stretches, (end - length_s, end))
