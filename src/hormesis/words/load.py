"""Load: a pure schedule. It says when work is due; the engine does it and measures.

Open shapes say when the n-th arrival is due, whatever the system does. Closed shapes say how many
users there are at a time; a user starts its next iteration when the last one has ended. Finite
shapes end when so many iterations are done. A burst lets all its users go at the same instant. A
ticked shape asks code, once a second, how many users there should be.

Every shape can be played by several processes at once: ``part(index, parts)`` is what one of them
does, and the parts together do exactly what the whole does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from hormesis.words.kind import Kind


def share_of(count: int, index: int, parts: int) -> int:
    """Return how many of *count* things part *index* of *parts* has; the first ones have more."""
    return count // parts + (index < count % parts)


@dataclass(frozen=True, slots=True)
class Closed:
    """``users_at(t)`` users at *t* seconds after the load's start; ``users_max`` at any time.

    ``pace_s`` is the shortest time from one iteration's start to the next one's, per user; 0 means
    back to back. A user that is no longer wanted may finish its iteration for
    ``ramp_down_grace_s`` seconds, then it is cut off.
    """

    users_at: Callable[[float], int]
    users_max: int
    duration_s: float
    pace_s: float = 0.0
    ramp_down_grace_s: float = 30.0

    def part(self, index: int, parts: int) -> Closed:
        """Return the share of one of *parts* processes."""
        whole = self.users_at
        return replace(
            self,
            users_at=lambda passed_s: share_of(whole(passed_s), index, parts),
            users_max=share_of(self.users_max, index, parts),
        )


@dataclass(frozen=True, slots=True)
class Open:
    """Arrival *n* (from 0) is due at ``due_at(n)`` seconds; None after the last one.

    ``users_max`` users at most are busy at once, ``users_ready`` are made and opened before the
    first arrival. An arrival that finds none free waits for the first that is, and its time counts
    from when it was due; with ``drops`` it is dropped instead, as k6 does. What nobody has begun
    when the load is over is dropped; every drop is counted, with when it was due.
    """

    due_at: Callable[[int], float | None]
    users_max: int
    duration_s: float
    users_ready: int = 0
    drops: bool = False

    def part(self, index: int, parts: int) -> Open:
        """Return the share of one of *parts* processes: every *parts*-th arrival."""
        whole = self.due_at
        return replace(
            self,
            due_at=lambda arrival: whole(arrival * parts + index),
            users_max=share_of(self.users_max, index, parts),
            users_ready=share_of(self.users_ready, index, parts),
        )


@dataclass(frozen=True, slots=True)
class Finite:
    """``users`` users do ``iterations`` in all, or each of them when ``each``.

    What is not begun after ``duration_s_max`` seconds is dropped.
    """

    users: int
    iterations: int
    each: bool
    duration_s_max: float

    def part(self, index: int, parts: int) -> Finite:
        """Return the share of one of *parts* processes."""
        iterations = self.iterations if self.each else share_of(self.iterations, index, parts)
        return replace(self, users=share_of(self.users, index, parts), iterations=iterations)


@dataclass(frozen=True, slots=True)
class Burst:
    """``users`` users are made ready, then each does one iteration at the same instant.

    There are ``rounds`` instants, ``gap_s`` apart. The spread of the sends is measured. One process
    plays it whole: only so is the spread that of one event loop.
    """

    users: int
    rounds: int
    gap_s: float

    def part(self, index: int, parts: int) -> Burst:
        """Return the whole for the first process, nothing for the others."""
        return self if index == 0 else replace(self, users=0)


@dataclass(frozen=True, slots=True)
class Ticked:
    """Code says how many users there should be and how many per second may join or leave.

    ``make()`` returns the function that is asked once a second, until it answers None; every
    process asks a function of its own.
    """

    make: Callable[[], Callable[[float, int], tuple[int, float] | None]]
    """The function gets the seconds since the load's start and how many users there are now."""
    duration_s_max: float
    index: int = 0
    parts: int = 1

    def part(self, index: int, parts: int) -> Ticked:
        """Return the share of one of *parts* processes."""
        return replace(self, index=index, parts=parts)


Shape = Closed | Open | Finite | Burst | Ticked


class Load(Kind):
    """When operations are due."""

    @abstractmethod
    def shape(self) -> Shape:
        """Return the schedule."""
