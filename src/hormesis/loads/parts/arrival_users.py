"""The users of open models, which all executors with arrivals have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Self

from pydantic import Field, model_validator

from hormesis.words.load import Load, Open

READY_S = 0.1
"""Unless said otherwise, users for the arrivals of so many seconds are ready from the start."""


class ArrivalLoad(Load):
    """A load whose arrivals are due at fixed moments."""

    vus: int | None = Field(default=None, ge=1)
    """How many virtual users may be busy at once; left out: as many as ``pre_allocated_vus``."""
    pre_allocated_vus: int | None = Field(default=None, ge=1)
    """How many of them are made and opened before the first arrival, the others when they are
    needed; left out: as many as arrive in 100 ms.
    """
    drops: bool = False
    """Drop an arrival that finds all users busy, as k6 does, instead of letting it wait for one."""

    @model_validator(mode="after")
    def _has_users(self) -> Self:
        if self.vus is None and self.pre_allocated_vus is None:
            raise ValueError("expected vus, how many virtual users may be busy at once")
        if self.pre_allocated_vus is not None and self.pre_allocated_vus > self.users_max:
            raise ValueError(
                f"expected pre_allocated_vus to be at most vus ({self.vus}), "
                f"found {self.pre_allocated_vus}"
            )
        return self

    @property
    def users_max(self) -> int:
        """Return how many users there may be."""
        return self.vus or self.pre_allocated_vus or 1

    def opened(
        self, due_at: Callable[[int], float | None], duration_s: float, rate_max: float
    ) -> Open:
        """Return the shape of arrivals that come at most *rate_max* a second."""
        ready = self.pre_allocated_vus or math.ceil(rate_max * READY_S)
        return Open(
            due_at=due_at,
            users_max=self.users_max,
            duration_s=duration_s,
            users_ready=min(self.users_max, max(1, ready)),
            drops=self.drops,
        )
