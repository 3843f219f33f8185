"""Shapes of load as code, by the protocol that Locust's users know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar


class LoadShape(ABC):
    """How many users there should be: derive from it and write ``tick``."""

    abstract: ClassVar[bool] = False

    def __init__(self) -> None:
        self._run_time_s = 0.0
        self._users = 0

    @abstractmethod
    def tick(self) -> tuple[float, ...] | None:
        """Return (users, how many may join or leave per second), or None to end the load.

        It is asked once a second.
        """

    def get_run_time(self) -> float:
        """Return the seconds since the load began."""
        return self._run_time_s

    def get_current_user_count(self) -> int:
        """Return how many users there are now."""
        return self._users

    def wanted(self, run_time_s: float, users: int) -> tuple[int, float] | None:
        """Return what ``tick`` says at *run_time_s* seconds, when there are *users* users.

        Raises:
            ValueError: it says something else than two numbers or None.
        """
        self._run_time_s, self._users = run_time_s, users
        said = self.tick()
        if said is None:
            return None
        try:
            count, rate = int(said[0]), float(said[1])
        except (TypeError, ValueError, IndexError) as error:
            raise ValueError(f"expected tick() to return (users, rate), found {said!r}") from error
        return max(0, count), max(0.0, rate)
