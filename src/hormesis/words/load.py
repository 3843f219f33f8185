"""Load: a pure schedule. It says when work is due; the engine does it and measures.

Open shapes say when the n-th arrival is due, whatever the system does. Closed shapes say how many
users there are at a time; a user starts its next iteration when the last one has ended. A burst
lets all its users go at the same instant.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from hormesis.words.kind import Kind


@dataclass(frozen=True, slots=True)
class Closed:
    """``users_at(t)`` users at *t* seconds after the load's start; ``users_max`` at any time.

    ``pace_s`` is the shortest time from one iteration's start to the next one's, per user; 0 means
    back to back.
    """

    users_at: Callable[[float], int]
    users_max: int
    duration_s: float
    pace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Open:
    """Arrival *n* (from 0) is due at ``due_at(n)`` seconds; None after the last one.

    ``users_max`` users at most are busy at once; an arrival that finds none free is dropped,
    counted and never forgotten.
    """

    due_at: Callable[[int], float | None]
    users_max: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Burst:
    """``users`` users are made ready, then each does one iteration at the same instant.

    There are ``rounds`` instants, ``gap_s`` apart. The spread of the sends is measured.
    """

    users: int
    rounds: int
    gap_s: float


Shape = Closed | Open | Burst


class Load(Kind):
    """When operations are due."""

    @abstractmethod
    def shape(self) -> Shape:
        """Return the schedule."""
