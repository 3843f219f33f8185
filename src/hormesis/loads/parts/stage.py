"""Stages: straight lines from one level to the next, as k6 writes them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import sqrt
from typing import TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from hormesis.loads.parts.rate import Rate
from hormesis.words.units import Span


class _Stage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    for_: Span = Field(
        validation_alias=AliasChoices("for", "duration"), serialization_alias="for", ge=0
    )
    """How long it takes to reach the target, evenly; none: at once; scaled by ``--time-scale``."""


S = TypeVar("S", bound=_Stage)


def some(stages: tuple[S, ...]) -> tuple[S, ...]:
    """Return *stages*.

    Raises:
        ValueError: there are none.
    """
    # A smallest length of the field would be told as well whenever an element is wrong.
    if not stages:
        raise ValueError("expected at least one stage")
    return stages


class UsersStage(_Stage):
    """A stretch in which the number of users goes to a target."""

    target: int = Field(ge=0)
    """How many users there are at its end."""


class RateStage(_Stage):
    """A stretch in which the rate goes to a target."""

    target: Rate
    """The rate at its end."""


@dataclass(frozen=True)
class Path:
    """A level over time that changes along straight lines, ``spans_s`` long each.

    ``levels`` has one more element: it starts at the first one and ends each span at the next.
    """

    spans_s: Sequence[float]
    levels: Sequence[float]

    @cached_property
    def _ends(self) -> tuple[float, ...]:
        """When each span ends."""
        return tuple(accumulate(self.spans_s))

    @cached_property
    def _areas(self) -> tuple[float, ...]:
        """The integral at each of those ends."""
        lines = zip(self.spans_s, self.levels, self.levels[1:], strict=False)
        return tuple(accumulate(span * (low + high) / 2 for span, low, high in lines))

    @property
    def lasts_s(self) -> float:
        """Return how long it is in all."""
        return self._ends[-1] if self._ends else 0.0

    @property
    def area(self) -> float:
        """Return the integral of the whole: of a rate, how many arrivals there are."""
        return self._areas[-1] if self._areas else 0.0

    def at(self, passed_s: float) -> float:
        """Return the level after *passed_s* seconds; after the end the last one."""
        place = bisect_right(self._ends, passed_s)
        if place == len(self._ends):
            return self.levels[-1]
        low, high = self.levels[place], self.levels[place + 1]
        began = self._ends[place - 1] if place else 0.0
        return low + (high - low) * max(0.0, passed_s - began) / self.spans_s[place]

    def whole_at(self, passed_s: float) -> int:
        """Return the level in whole steps: a step is done when the line has reached it."""
        place = bisect_right(self._ends, passed_s)
        if place == len(self._ends):
            return round(self.levels[-1])
        low = round(self.levels[place])
        # The line may miss a step by the last bit of a number.
        change = self.at(passed_s) - self.levels[place]
        return low + int(change + (1e-9 if change > 0 else -1e-9))

    def when_area_is(self, area: float) -> float | None:
        """Return when the integral from the start on reaches *area*; None: it never does.

        The inverse of a piecewise quadratic function, in closed form per span.
        """
        place = bisect_left(self._areas, area)
        if place == len(self._areas):
            return None
        before = self._areas[place - 1] if place else 0.0
        began = self._ends[place - 1] if place else 0.0
        low, high, span = self.levels[place], self.levels[place + 1], self.spans_s[place]
        left = area - before
        if left <= 0 or span <= 0:
            return began
        # Of the two forms of the root this one does not lose digits when the slope is small.
        root = sqrt(max(0.0, low * low + 2 * (high - low) / span * left))
        passed = 2 * left / (low + root) if low + root > 0 else span
        return began + min(passed, span)
