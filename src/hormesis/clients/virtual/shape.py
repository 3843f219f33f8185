"""Shapes of load as code, by the protocol that Locust's users know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class LoadShape(ABC):
    """How many users there should be: derive from it and write ``tick``."""

    abstract: ClassVar[bool] = False

    @abstractmethod
    def tick(self) -> tuple[Any, ...] | None:
        """Return (users, how many may join or leave per second), or None to end the load.

        It is asked once a second.
        """

    def get_run_time(self) -> float:
        """Return the seconds since the load began; whoever plays the shape answers."""
        return 0.0

    def get_current_user_count(self) -> int:
        """Return how many users there are now; whoever plays the shape answers."""
        return 0
