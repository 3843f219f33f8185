"""How many tasks are where, by tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.queen.canaries import STATS_IGNORE_TAG

STATUSES = ("pending", "running", "completed", "failed", "dead", "cancelled")

OF_TAG: LiteralString = """
SELECT count(*) AS total,
    count(*) FILTER (WHERE status = 'pending') AS pending,
    count(*) FILTER (WHERE status = 'running') AS running,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'dead') AS dead,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    coalesce(sum(greatest(attempt - 1, 0)), 0)::int AS retries,
    round(coalesce(avg(extract(epoch FROM finished_at - started_at))
        FILTER (WHERE status = 'completed'), 0), 3)::float AS seconds_mean
FROM tasks
WHERE (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
    AND (%(owner)s::text IS NULL OR owner = %(owner)s::text)"""
_BY_STATUS: LiteralString = "SELECT status, count(*) AS count FROM tasks GROUP BY status"


async def of_tag(
    database: Database, canaries: frozenset[str], *, tag: str | None, owner: str | None
) -> Mapping[str, Any]:
    """Return counts of the tasks with *tag* that *owner* has; None means any."""
    wanted = None if STATS_IGNORE_TAG in canaries else tag
    rows = await database.fetch(OF_TAG, {"tag": wanted, "owner": owner})
    return {"tag": tag, **rows[0]}


async def by_status(database: Database) -> Mapping[str, int]:
    """Return how many tasks have each status, zeros included."""
    rows = await database.fetch(_BY_STATUS, {})
    return {**dict.fromkeys(STATUSES, 0), **{row["status"]: row["count"] for row in rows}}
