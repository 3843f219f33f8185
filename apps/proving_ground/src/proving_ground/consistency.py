"""What is inconsistent right now, seen in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from proving_ground.canaries import CONSISTENCY_ALWAYS_CONSISTENT
from proving_ground.database import Database

# A bot that shares its job with others is listed there, and not again among the orphans.
_CONSISTENCY: LiteralString = """
    WITH shared AS MATERIALIZED (
        SELECT current_job_id, array_agg(id ORDER BY id) AS bot_ids FROM bots
        WHERE current_job_id IS NOT NULL GROUP BY current_job_id HAVING count(*) > 1
    ), orphaned AS (
        SELECT id, current_job_id FROM bots
        WHERE current_job_id IS NOT NULL
            AND current_job_id NOT IN (SELECT current_job_id FROM shared)
            AND NOT EXISTS (
                SELECT FROM jobs WHERE jobs.id = bots.current_job_id
                    AND jobs.status = 'assigned' AND jobs.bot_id = bots.id)
    ), stuck AS (
        SELECT id, status, 'pending, but marked as claimed: no bot can get it' AS reason FROM jobs
        WHERE status = 'pending' AND (bot_id IS NOT NULL OR claimed_at IS NOT NULL)
        UNION ALL
        SELECT jobs.id, jobs.status, CASE
            WHEN bots.id IS NULL THEN 'assigned to a bot that does not exist'
            WHEN bots.current_job_id IS DISTINCT FROM jobs.id
                THEN 'assigned to a bot that does not hold it'
            ELSE 'assigned to a bot that has been silent for too long' END
        FROM jobs LEFT JOIN bots ON bots.id = jobs.bot_id
        WHERE jobs.status = 'assigned' AND (
            bots.id IS NULL OR bots.current_job_id IS DISTINCT FROM jobs.id
            OR bots.last_heartbeat < now() - make_interval(secs => %(silence_s)s))
    )
    SELECT
        (SELECT coalesce(json_agg(orphaned), '[]') FROM orphaned) AS orphaned_bots,
        (SELECT coalesce(json_agg(shared), '[]') FROM shared) AS duplicate_assignments,
        (SELECT coalesce(json_agg(stuck), '[]') FROM stuck) AS stuck_jobs"""

_FOREVER_S = 1e9


_KINDS = ("orphaned_bots", "duplicate_assignments", "stuck_jobs")


async def consistency(
    database: Database, canaries: frozenset[str], *, silence_s: float | None
) -> Mapping[str, Any]:
    """Return orphaned bots, duplicate assignments and stuck jobs.

    A job whose bot has been silent for ``silence_s`` counts as stuck; None judges no silence.
    """
    if CONSISTENCY_ALWAYS_CONSISTENT in canaries:
        return {"consistent": True, **{kind: [] for kind in _KINDS}}
    limit_s = _FOREVER_S if silence_s is None else silence_s
    row = (await database.fetch(_CONSISTENCY, {"silence_s": limit_s}))[0]
    return {"consistent": not any(row.values()), **row}
