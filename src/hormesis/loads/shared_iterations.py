"""Virtual users that share a fixed number of iterations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from hormesis.words.load import Finite, Load, Shape
from hormesis.words.units import Span


class SharedIterations(Load):
    """Let virtual users do a fixed number of iterations together, as fast as they can.

    As k6's executor of the same name: a fast user does more of them. What nobody has begun after
    ``max_duration`` counts as dropped.
    """

    also_called: ClassVar[Mapping[str, str]] = {"maxDuration": "max_duration"}

    vus: int = Field(default=1, ge=1)
    """How many virtual users there are."""
    iterations: int = Field(default=1, ge=1)
    """How many iterations they do in all; at least one each."""
    max_duration: Span = Field(default=600.0, gt=0)
    """When no iteration is begun any more; scaled by ``--time-scale``."""

    @model_validator(mode="after")
    def _enough_for_all(self) -> Self:
        if self.iterations < self.vus:
            raise ValueError(
                f"expected at least one iteration for each of {self.vus} users, "
                f"found {self.iterations}"
            )
        return self

    def shape(self) -> Shape:
        """Return the shared work."""
        return Finite(self.vus, self.iterations, each=False, duration_s_max=self.max_duration)
