"""A closed model with a constant number of virtual users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from hormesis.words.load import Closed, Load, Shape
from hormesis.words.units import Seconds, Span


class ConstantVus(Load):
    """Keep a constant number of virtual users busy, each starting again when it has ended.

    The closed model of k6's executor of the same name: a slow system under test lowers the rate,
    so latencies of a stalled system are under-counted. Use ``constant-arrival-rate`` where the
    rate must not depend on the system.
    """

    also_called: ClassVar[Mapping[str, str]] = {"duration": "for"}

    vus: int = Field(default=1, ge=1)
    """How many virtual users there are."""
    for_: Span = Field(validation_alias="for", serialization_alias="for", gt=0)
    """How long they go on; scaled by ``--time-scale``."""
    ramp: Span = Field(default=0.0, ge=0)
    """Users join evenly over this time from the start; none: all at once."""
    pace: Seconds | None = Field(default=None, ge=0)
    """The shortest time between the starts of two iterations of a user; none: back to back."""

    def shape(self) -> Shape:
        """Return a closed shape whose number of users is the same once all have joined."""
        return Closed(
            users_at=self._users_at,
            users_max=self.vus,
            duration_s=self.for_,
            pace_s=self.pace or 0.0,
        )

    def _users_at(self, passed_s: float) -> int:
        if passed_s >= self.ramp:
            return self.vus
        return min(self.vus, 1 + int(self.vus * passed_s / self.ramp))
