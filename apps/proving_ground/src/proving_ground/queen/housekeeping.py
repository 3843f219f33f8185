"""The queen's background round: create the schema, take tasks back, refresh what /metrics shows."""

from __future__ import annotations

import asyncio
import logging
from typing import LiteralString

from proving_ground.database import Database
from proving_ground.queen import breakers, statistics, workers
from proving_ground.queen.canaries import (
    IDEMPOTENCY_IN_MEMORY,
    RECOVERY_SLOWER_EVERY_CYCLE,
    SLOW_START,
    SUBMISSION_NOT_IDEMPOTENT,
    TOKENS_LOST_ON_RESTART,
)
from proving_ground.queen.leases import Leases
from proving_ground.queen.metrics import QueenMetrics
from proving_ground.queen.schema import SCHEMA, SUBMITTED_EACH_TIME, SUBMITTED_ONCE
from proving_ground.queen.settings import QueenSettings
from proving_ground.rounds import Rounds

_LOG = logging.getLogger(__name__)
_EVERY_S = 0.5
_SLOW_START_S = 25.0
_EACH_START_S = 1.0
_START: LiteralString = """
WITH now AS (INSERT INTO starts DEFAULT VALUES RETURNING id)
SELECT (SELECT count(*) FROM starts) AS earlier FROM now"""


class Housekeeping(Rounds):
    """The queen's rounds."""

    def __init__(self, settings: QueenSettings, database: Database, metrics: QueenMetrics) -> None:
        super().__init__(metrics.database_up, _EVERY_S)
        self._settings = settings
        self._database = database
        self._metrics = metrics
        self._leases = Leases(database, settings.lease_s, settings.canaries)

    async def _create_schema(self) -> None:
        without_keys = {SUBMISSION_NOT_IDEMPOTENT, IDEMPOTENCY_IN_MEMORY}
        each_time = bool(without_keys & self._settings.canaries)
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

    def _lost_sight(self) -> None:
        self._leases.lost_sight()
