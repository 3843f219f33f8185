"""An open model whose rate of arrivals changes in stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from hormesis.loads.parts.arrival_users import ArrivalLoad
from hormesis.loads.parts.rate import Rate, per_second
from hormesis.loads.parts.stage import Path, RateStage, some
from hormesis.words.load import Shape
from hormesis.words.units import Seconds


class RampingArrivalRate(ArrivalLoad):
    """Start iterations at a rate that changes in stages, whatever the system under test does.

    The open model of k6's executor of the same name. The rate goes in a straight line from each
    stage's target to the next; iteration *n*, counted from 1, is due when the integral of the rate
    reaches *n*.
    """

    also_called: ClassVar[Mapping[str, str]] = {
        "startRate": "start_rate",
        "timeUnit": "time_unit",
        "maxVUs": "vus",
        "preAllocatedVUs": "pre_allocated_vus",
    }

    stages: Annotated[tuple[RateStage, ...], AfterValidator(some)]
    """The stages in order, each with ``for`` and ``target``."""
    start_rate: Rate = 0.0
    """The rate at the start, per second (``50/s``) or per ``time_unit`` (``50``)."""
    time_unit: Seconds = Field(default=1.0, gt=0)
    """The unit of rates that are bare numbers."""

    def shape(self) -> Shape:
        """Return an open shape with as many arrivals as the rate's integral."""
        path = self.path()
        return self.opened(_dues(path), path.lasts_s, max(path.levels))

    def path(self) -> Path:
        """Return the rate over time, per second."""
        rates = [self.start_rate, *(stage.target for stage in self.stages)]
        levels = tuple(per_second(rate, self.time_unit) for rate in rates)
        return Path(tuple(stage.for_ for stage in self.stages), levels)


def _dues(path: Path) -> Callable[[int], float | None]:
    def due_at(arrival: int) -> float | None:
        due = path.when_area_is(arrival + 1)
        return due if due is not None and due < path.lasts_s else None

    return due_at
