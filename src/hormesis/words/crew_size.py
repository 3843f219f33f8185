"""Crew size: how many processes play a load. Pure; what is asked for goes before what is guessed.

One process has no second clock, no merging and no part that can die alone, so small loads stay in
the engine's own. A load that one core may not carry gets every core.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial

from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Burst, Closed, Finite, Open, Shape

ALONE_USERS_MAX = 100
"""So many users, of all loads together, are more than the engine's own process plays. Of a load
whose arrivals are given they are those that a second's arrivals need: its most users are only
there for the worst case, and then they wait."""
ALONE_RATE_MAX = 1000.0
"""So many arrivals a second, of all loads together, are more than it plays."""
_LOOKS = 64
"""How often a rate is looked at along its schedule to find its peak."""
_ARRIVALS_MAX = 1 << 32


def processes_for(tracks: Sequence[LoadTrack], *, asked: int = 0, cores: int) -> list[int]:
    """Return how many processes play each of *tracks*; 1 means the engine's own.

    A track's own ``processes`` goes before *asked*, the command line's; 0 of either leaves it to
    the size of the loads. A burst has one, and no load has more processes than users.
    """
    shapes = [track.load.shape() for track in tracks]
    rates = [_rate(shape) for shape in shapes]
    busy = [
        min(_users(shape), rate) if isinstance(shape, Open) else _users(shape)
        for shape, rate in zip(shapes, rates, strict=True)
    ]
    big = sum(busy) >= ALONE_USERS_MAX or sum(rates) >= ALONE_RATE_MAX
    return [
        _processes(shape, track.processes or asked or (cores if big else 1))
        for track, shape in zip(tracks, shapes, strict=True)
    ]


def workers_for(tracks: Sequence[LoadTrack], machines: int) -> list[int]:
    """Return how many of the workers of a cluster play each of *tracks*: all, where it can be.

    A number of processes speaks of one machine, so only that there is to be one counts here.
    """
    return [
        _processes(track.load.shape(), 1 if track.processes == 1 else machines) for track in tracks
    ]


def _processes(shape: Shape, wanted: int) -> int:
    return 1 if isinstance(shape, Burst) else max(1, min(wanted, _users(shape)))


def _users(shape: Shape) -> int:
    """Return how many users there are at most; what code decides may be any number."""
    if isinstance(shape, Closed | Open):
        return shape.users_max
    return shape.users if isinstance(shape, Finite | Burst) else ALONE_USERS_MAX


def _rate(shape: Shape) -> float:
    """Return the most arrivals in any of the seconds that are looked at."""
    if not isinstance(shape, Open):
        return 0.0
    before = partial(_arrivals_before, shape)
    looks = {look * shape.duration_s / _LOOKS for look in range(_LOOKS)}
    return float(max(before(at_s + 1.0) - before(at_s) for at_s in looks))


def _arrivals_before(shape: Open, moment: float) -> int:
    """Return how many arrivals are due before *moment*, in seconds of the load."""

    def due(arrival: int) -> float:
        at_s = shape.due_at(arrival)
        return float("inf") if at_s is None else at_s

    high = 1
    while high < _ARRIVALS_MAX and due(high) < moment:
        high *= 2
    return bisect_left(range(high + 1), moment, key=due)
