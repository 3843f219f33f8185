"""Jobs as administrators and readers see them: submit, look, list, delete."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from proving_ground.canaries import LOST_SUBMIT
from proving_ground.database import Database

STATUSES = ("pending", "assigned", "completed", "failed")
COUNT_MAX = 20_000
_CHUNK = 16
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

_SUBMIT: LiteralString = """
    INSERT INTO jobs (id, kind, work_ms, payload)
    SELECT id, %(kind)s::text, %(work_ms)s::int, %(payload)s::jsonb
    FROM unnest(%(ids)s::text[]) AS id
    ON CONFLICT (id) DO NOTHING"""

_COLUMNS: LiteralString = """
    id, kind, status, bot_id, attempt, work_ms, payload,
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') AS created_at,
    to_char(claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') AS claimed_at,
    to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') AS completed_at"""

_ONE: LiteralString = f"""
    SELECT {_COLUMNS},
        (SELECT count(*) FROM completions WHERE job_id = jobs.id) AS completions,
        (SELECT coalesce(json_agg(one ORDER BY one.id), '[]') FROM (
            SELECT id, bot_id, attempt, outcome FROM assignments WHERE job_id = jobs.id
        ) one) AS assignments
    FROM jobs WHERE id = %(job)s::text"""

_MANY: LiteralString = f"""
    SELECT {_COLUMNS} FROM jobs
    WHERE (%(status)s::text IS NULL OR status = %(status)s::text)
        AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
    ORDER BY seq LIMIT %(limit)s::int"""

_DELETE: LiteralString = """
    WITH gone AS (DELETE FROM jobs WHERE kind = %(kind)s::text RETURNING id),
    freed AS (
        UPDATE bots SET current_job_id = NULL, status = 'idle' FROM gone
        WHERE current_job_id = gone.id
    ),
    assigned AS (DELETE FROM assignments USING gone WHERE job_id = gone.id),
    completed AS (DELETE FROM completions USING gone WHERE job_id = gone.id)
    SELECT count(*) AS deleted FROM gone"""

_STATS: LiteralString = """
    SELECT
        (SELECT coalesce(json_object_agg(status, n), '{}') FROM (
            SELECT status, count(*) AS n FROM jobs
            WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text GROUP BY status) s) AS jobs,
        (SELECT count(*) FROM bots) AS bots,
        (SELECT count(*) FROM bots
            WHERE last_heartbeat > now() - make_interval(secs => %(timeout_s)s)) AS bots_alive,
        (SELECT count(*) FROM completions) AS completions,
        (SELECT count(DISTINCT job_id) FROM completions) AS jobs_with_completion"""


def new_ids(count: int) -> list[str]:
    """Return ``count`` new readable identifiers such as ``job-8f3a2cm4qt``."""
    return ["job-" + "".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(count)]


async def submit(
    database: Database,
    canaries: frozenset[str],
    ids: Sequence[str],
    *,
    kind: str,
    work_ms: int,
    payload: Mapping[str, Any],
) -> None:
    """Create the jobs that do not exist yet; submitting the same ids again changes nothing."""
    written = list(ids)
    if LOST_SUBMIT in canaries and len(written) > _CHUNK:
        written = written[: len(written) // _CHUNK * _CHUNK]
    parameters = {"ids": written, "kind": kind, "work_ms": work_ms}
    await database.fetch(_SUBMIT, {**parameters, "payload": json.dumps(payload)})


async def job(database: Database, job_id: str) -> Mapping[str, Any] | None:
    """Return one job with its assignments and the number of its completions, or None."""
    rows = await database.fetch(_ONE, {"job": job_id})
    return rows[0] if rows else None


async def jobs(
    database: Database, *, status: str | None, kind: str | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return the oldest ``limit`` jobs with this status and kind; None stands for any."""
    return await database.fetch(_MANY, {"status": status, "kind": kind, "limit": limit})


async def delete_kind(database: Database, kind: str) -> int:
    """Remove every job of one kind and all that is known of it; return how many jobs."""
    rows = await database.fetch(_DELETE, {"kind": kind})
    return int(rows[0]["deleted"])


async def stats(
    database: Database, *, bot_timeout_s: float, kind: str | None = None
) -> Mapping[str, Any]:
    """Return job counts by status (of one kind, or all), bots and completions."""
    row = (await database.fetch(_STATS, {"timeout_s": bot_timeout_s, "kind": kind}))[0]
    counts = {status: row["jobs"].get(status, 0) for status in STATUSES}
    return {
        "jobs": {**counts, "total": sum(counts.values())},
        "bots": {"total": row["bots"], "alive": row["bots_alive"]},
        "completions": {"rows": row["completions"], "jobs": row["jobs_with_completion"]},
    }
