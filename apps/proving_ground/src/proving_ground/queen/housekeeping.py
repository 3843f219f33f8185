"""The queen's background round: create the schema, take tasks back, refresh what /metrics shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import LiteralString

from proving_ground.database import Database
from proving_ground.database_reach import DatabaseReach
from proving_ground.queen import breakers, statistics, workers
from proving_ground.queen.canaries import (
    RECOVERY_SLOWER_EVERY_CYCLE,
    SLOW_START,
    SUBMISSION_NOT_IDEMPOTENT,
    TOKENS_LOST_ON_RESTART,
)
from proving_ground.queen.leases import Leases
from proving_ground.queen.metrics import QueenMetrics
from proving_ground.queen.schema import SCHEMA, SUBMITTED_EACH_TIME, SUBMITTED_ONCE
from proving_ground.queen.settings import QueenSettings

_LOG = logging.getLogger(__name__)
_SCHEMA_RETRY_S = 0.25
_EVERY_S = 0.5
_SLOW_START_S = 25.0
_EACH_START_S = 2.0
_START: LiteralString = """
WITH now AS (INSERT INTO starts DEFAULT VALUES RETURNING id)
SELECT (SELECT count(*) FROM starts) AS earlier FROM now"""


class Housekeeping:
    """Creates the schema, then goes its rounds; never gives up because of the database."""

    def __init__(self, settings: QueenSettings, database: Database, metrics: QueenMetrics) -> None:
        self._settings = settings
        self._database = database
        self._metrics = metrics
        self._leases = Leases(database, settings.lease_s, settings.canaries)
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
                self._leases.lost_sight()
            await asyncio.sleep(_EVERY_S)

    async def _create_schema(self) -> None:
        each_time = SUBMISSION_NOT_IDEMPOTENT in self._settings.canaries
        await self._database.fetch(SCHEMA)
        await self._database.fetch(SUBMITTED_EACH_TIME if each_time else SUBMITTED_ONCE)
        earlier = (await self._database.fetch(_START, {}))[0]["earlier"]
        if SLOW_START in self._settings.canaries and earlier:
            await asyncio.sleep(_SLOW_START_S)
        if RECOVERY_SLOWER_EVERY_CYCLE in self._settings.canaries:
            await asyncio.sleep(_EACH_START_S * earlier)
        if TOKENS_LOST_ON_RESTART in self._settings.canaries:
            await self._database.fetch("DELETE FROM tokens", {})
        _LOG.info("schema ready")

    async def _round(self) -> None:
        await self._database.sweep()
        self._metrics.reclaimed.inc(await self._leases.take_back())
        for status, count in (await statistics.by_status(self._database)).items():
            self._metrics.tasks.labels(status).set(count)
        for row in await breakers.all_of(self._database):
            self._metrics.breaker_open.labels(row["type"]).set(row["state"] == "open")
        alive = await workers.alive(self._database, self._settings.lease_s)
        self._metrics.workers.set(alive)

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Run one step; a failure is never the end."""
        reached = await self._reach.attempt(step)
        self._metrics.database_up.set(reached)
        return reached
