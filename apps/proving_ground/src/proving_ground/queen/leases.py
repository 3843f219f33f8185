"""Tasks whose worker has fallen silent go back into the queue."""

from __future__ import annotations

import asyncio
from typing import LiteralString

from proving_ground.database import Database
from proving_ground.queen.canaries import STUCK_IN_PROCESSING, TASK_LOST_ON_SIGKILL

# An execution that was cut off leaves its row open; it is closed with the task that goes back.
_TAKE_BACK: LiteralString = """
WITH silent AS (
    SELECT id FROM tasks WHERE status = 'running' AND lease_until < now()
    ORDER BY lease_until LIMIT 100 FOR UPDATE SKIP LOCKED
), back AS (
    UPDATE tasks SET
        status = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'pending' END,
        finished_at = CASE WHEN attempt >= max_attempts THEN now() END,
        error = 'its worker fell silent', worker = NULL, lease_until = NULL, run_at = now()
    FROM silent WHERE tasks.id = silent.id
    RETURNING tasks.id, tasks.attempt
), closed AS (
    UPDATE task_executions SET finished_at = clock_timestamp(), outcome = 'abandoned' FROM back
    WHERE task_id = back.id AND task_executions.attempt = back.attempt AND outcome IS NULL
)
SELECT count(*) AS count FROM back"""

# The planted defect: what a dead worker held is thrown away.
_THROW_AWAY: LiteralString = """
WITH gone AS (
    DELETE FROM tasks WHERE status = 'running' AND lease_until < now() RETURNING id
) SELECT count(*) AS count FROM gone"""


class Leases:
    """Takes back tasks whose lease has run out.

    After an outage of the database nobody could renew: silence is judged only when renewals could
    be heard for the length of a lease.
    """

    def __init__(self, database: Database, lease_s: float, canaries: frozenset[str]) -> None:
        self._database = database
        self._lease_s = lease_s
        self._canaries = canaries
        self._hearing_since_s: float | None = None

    def lost_sight(self) -> None:
        """Say that the database was out of reach just now."""
        self._hearing_since_s = None

    async def take_back(self) -> int:
        """Return how many tasks went back; raises ``DatabaseTrouble``."""
        now_s = asyncio.get_running_loop().time()
        if self._hearing_since_s is None:
            await self._database.fetch("SELECT 1", {})
            self._hearing_since_s = now_s
        if STUCK_IN_PROCESSING in self._canaries or now_s - self._hearing_since_s < self._lease_s:
            return 0
        throw_away = TASK_LOST_ON_SIGKILL in self._canaries
        rows = await self._database.fetch(_THROW_AWAY if throw_away else _TAKE_BACK, {})
        return int(rows[0]["count"])
