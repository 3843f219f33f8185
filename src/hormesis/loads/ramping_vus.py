"""A closed model whose number of virtual users changes in stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from hormesis.loads.parts.stage import Path, UsersStage, some
from hormesis.words.load import Closed, Load, Shape
from hormesis.words.units import Seconds


class RampingVus(Load):
    """Keep a number of virtual users busy that changes in stages.

    The closed model of k6's executor of the same name. The number goes in a straight line from
    each stage's target to the next; the last user to join is the first to leave.
    """

    also_called: ClassVar[Mapping[str, str]] = {
        "startVUs": "start_vus",
        "gracefulRampDown": "graceful_ramp_down",
    }

    stages: Annotated[tuple[UsersStage, ...], AfterValidator(some)]
    """The stages in order, each with ``for`` and ``target``."""
    start_vus: int = Field(default=1, ge=0)
    """How many virtual users there are at the start."""
    graceful_ramp_down: Seconds = Field(default=30.0, ge=0)
    """How long a user that is no longer wanted may take to finish its iteration; one that only
    pauses after it leaves at once."""
    pace: Seconds | None = Field(default=None, ge=0)
    """The shortest time between the starts of two iterations of a user; none: back to back."""

    def shape(self) -> Shape:
        """Return a closed shape along the stages."""
        path = self.path()
        return Closed(
            users_at=path.whole_at,
            users_max=round(max(path.levels)),
            duration_s=path.lasts_s,
            pace_s=self.pace or 0.0,
            ramp_down_grace_s=self.graceful_ramp_down,
        )

    def path(self) -> Path:
        """Return the number of users over time."""
        levels = (float(self.start_vus), *(float(stage.target) for stage in self.stages))
        return Path(tuple(stage.for_ for stage in self.stages), levels)
