"""Virtual users that do a fixed number of iterations each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from hormesis.words.load import Finite, Load, Shape
from hormesis.words.units import Span


class PerVuIterations(Load):
    """Let each virtual user do a fixed number of iterations, as fast as it can.

    As k6's executor of the same name. What a user has not begun after ``max_duration`` counts as
    dropped.
    """

    also_called: ClassVar[Mapping[str, str]] = {"maxDuration": "max_duration"}

    vus: int = Field(default=1, ge=1)
    """How many virtual users there are."""
    iterations: int = Field(default=1, ge=1)
    """How many iterations each of them does."""
    max_duration: Span = Field(default=600.0, gt=0)
    """When no iteration is begun any more; scaled by ``--time-scale``."""

    def shape(self) -> Shape:
        """Return each user's own work."""
        return Finite(self.vus, self.iterations, each=True, duration_s_max=self.max_duration)
