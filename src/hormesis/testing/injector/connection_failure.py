"""A connection failure that is only pretended: the driver's own error, before or after a block."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Literal

import psycopg

When = Literal["before", "after", "either"]


class SimulatedConnectionFailure(psycopg.OperationalError):
    """What a lost connection raises in psycopg; nothing happened to a real one."""


class ConnectionFailure:
    """Fails the block it is put around with a given probability, drawn each time it is entered.

    ``before``: as if no connection could be had, the block does not run. ``after``: the block runs
    and its answer is lost, so whoever tries again does everything twice. ``either``: one of them.
    """

    def __init__(
        self,
        probability: float,
        rng: Random,
        when: When = "before",
        *,
        hit: Callable[[], object] = lambda: None,
    ) -> None:
        if not 0 <= probability <= 1:
            raise ValueError(f"expected a probability from 0 to 1, found {probability:g}")
        if when not in ("before", "after", "either"):
            raise ValueError(f"expected when to be before, after or either, found {when!r}")
        self.hits = 0
        """How many blocks failed."""
        self._probability = probability
        self._rng = rng
        self._hit = hit
        self._when = when
        self._after = False

    def __enter__(self) -> ConnectionFailure:
        hit = self._rng.random() < self._probability
        after = self._when == "after" or (self._when == "either" and self._rng.random() < 0.5)
        self._after = hit and after
        if hit and not after:
            raise self._failure("connection failed before the operation (simulated)")
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._after and error is None:
            raise self._failure("connection lost after the operation (simulated)")

    def _failure(self, told: str) -> SimulatedConnectionFailure:
        self.hits += 1
        self._hit()
        return SimulatedConnectionFailure(told)

    async def __aenter__(self) -> ConnectionFailure:
        return self.__enter__()

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(sort, error, trace)
