"""Background rounds of a program with a database: the schema first, then round after round."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from prometheus_client import Gauge

from proving_ground.database_reach import DatabaseReach

_SCHEMA_RETRY_S = 0.25


class Rounds(ABC):
    """Creates the schema, then goes its rounds; never gives up because of the database.

    ``database_up`` is 1 while the last step reached the database; ``every_s`` is the pause between
    rounds in seconds.
    """

    def __init__(self, database_up: Gauge, every_s: float) -> None:
        self._database_up = database_up
        self._every_s = every_s
        self._reach = DatabaseReach("housekeeping")
        self.schema_ready = False

    async def run(self) -> None:
        """Go on until cancelled."""
        while not self.schema_ready:
            self.schema_ready = await self._attempt(self._create_schema)
            if not self.schema_ready:
                await asyncio.sleep(_SCHEMA_RETRY_S)
        while True:
            if not await self._attempt(self._round):
                self._lost_sight()
            await asyncio.sleep(self._every_s)

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Run one step; a failure is never the end."""
        reached = await self._reach.attempt(step)
        self._database_up.set(reached)
        return reached

    @abstractmethod
    async def _create_schema(self) -> None:
        """Create what is not there yet."""

    @abstractmethod
    async def _round(self) -> None:
        """Do what is done every so often."""

    @abstractmethod
    def _lost_sight(self) -> None:
        """Note that the database could not be reached for a round."""
