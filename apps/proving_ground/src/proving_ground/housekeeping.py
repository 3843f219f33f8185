"""The background round: clean up, and refresh what /metrics shows, every so often."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from proving_ground.bots import heartbeat_ages_s
from proving_ground.cleanup import clean_up
from proving_ground.database import Database
from proving_ground.jobs import stats
from proving_ground.metrics import Metrics
from proving_ground.rounds import Rounds
from proving_ground.schema import schema_sql
from proving_ground.settings import ServerSettings

_LOG = logging.getLogger(__name__)


class Housekeeping(Rounds):
    """The main server's rounds."""

    def __init__(self, settings: ServerSettings, database: Database, metrics: Metrics) -> None:
        super().__init__(metrics.database_up, settings.cleanup_every_s)
        self._settings = settings
        self._database = database
        self._metrics = metrics
        self._hearing_since_s: float | None = None

    async def clean_up(self) -> Mapping[str, int]:
        """Clean up now and return the repairs; raises ``DatabaseTrouble``."""
        repaired = await clean_up(
            self._database,
            self._settings.canaries,
            bot_timeout_s=self._settings.bot_timeout_s,
            judge_silence=self._hearing_s() >= self._settings.bot_timeout_s,
        )
        for kind, count in repaired.items():
            self._metrics.repairs.labels(kind).inc(count)
        if any(repaired.values()):
            _LOG.info("cleanup repaired %s", {kind: n for kind, n in repaired.items() if n})
        return repaired

    def silence_s(self) -> float | None:
        """Return after which silence of its bot an assigned job is stuck: cleanup had its chance.

        None while the server itself has not been able to hear for that long.
        """
        limit_s = self._settings.bot_timeout_s + 2 * self._settings.cleanup_every_s + 1.0
        return limit_s if self._hearing_s() >= limit_s else None

    def _hearing_s(self) -> float:
        """Return for how long heartbeats could reach the database without interruption."""
        if self._hearing_since_s is None:
            return 0.0
        return time.monotonic() - self._hearing_since_s

    async def _create_schema(self) -> None:
        await self._database.fetch(schema_sql(self._settings.canaries))
        _LOG.info("schema ready")

    async def _round(self) -> None:
        if self._hearing_since_s is None:
            self._hearing_since_s = time.monotonic()
        await self._database.sweep()
        await self.clean_up()
        counts = await stats(self._database, bot_timeout_s=self._settings.bot_timeout_s)
        for status, count in counts["jobs"].items():
            if status != "total":
                self._metrics.jobs.labels(status).set(count)
        self._metrics.bots_alive.set(counts["bots"]["alive"])
        for name, age_s in (await heartbeat_ages_s(self._database)).items():
            self._metrics.heartbeat_age.labels(f"bots_{name}").set(age_s)
        for state, count in self._database.connections.items():
            self._metrics.connections.labels(state).set(count)
        self._metrics.connections_lost.set(self._database.lost_total)
        self._metrics.housekept_at_s = time.monotonic()

    def _lost_sight(self) -> None:
        self._hearing_since_s = None
