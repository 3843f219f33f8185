"""Ending an assignment: the bot completes its job, or hands it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

from proving_ground.canaries import COMPLETION_NOT_IDEMPOTENT
from proving_ground.database import Database

_JOB: LiteralString = """
    WITH job AS MATERIALIZED (
        SELECT id, status, bot_id, attempt,
            bot_id IS NOT DISTINCT FROM %(bot)s::text AND attempt = %(attempt)s::int AS own
        FROM jobs WHERE id = %(job)s::text FOR UPDATE
    )"""

_FREE_BOT: LiteralString = """
    , freed AS (
        UPDATE bots SET last_heartbeat = now(),
            status = CASE WHEN current_job_id IS NULL OR current_job_id = %(job)s::text
                THEN 'idle' ELSE status END,
            current_job_id = NULLIF(current_job_id, %(job)s::text)
        WHERE id = %(bot)s::text
    )"""


def _complete(recorded: LiteralString) -> LiteralString:
    return (
        _JOB
        + """
    , done AS (
        UPDATE jobs SET status = 'completed', completed_at = now() FROM job
        WHERE jobs.id = job.id AND job.own AND job.status = 'assigned'
        RETURNING jobs.id
    ), recorded AS (
        INSERT INTO completions (job_id, bot_id, attempt)
        SELECT id, %(bot)s::text, %(attempt)s::int FROM """
        + recorded
        + """
    ), closed AS (
        UPDATE assignments SET released_at = now(), outcome = 'completed' FROM done
        WHERE assignments.job_id = done.id AND assignments.bot_id = %(bot)s::text
            AND assignments.attempt = %(attempt)s::int AND assignments.released_at IS NULL
    )"""
        + _FREE_BOT
        + """
    SELECT job.own, job.status = 'completed' AS already, EXISTS (SELECT FROM done) AS done
    FROM job"""
    )


_COMPLETE = _complete("done ON CONFLICT (job_id) DO NOTHING")
# The planted defect: the record is written for every completion that is asked for.
_COMPLETE_EACH_TIME = _complete("job WHERE own AND status IN ('assigned', 'completed')")

_RELEASE: LiteralString = (
    _JOB
    + """
    , done AS (
        UPDATE jobs SET status = 'pending', bot_id = NULL, claimed_at = NULL FROM job
        WHERE jobs.id = job.id AND job.own AND job.status = 'assigned'
        RETURNING jobs.id
    ), closed AS (
        UPDATE assignments SET released_at = now(), outcome = 'released' FROM done
        WHERE assignments.job_id = done.id AND assignments.bot_id = %(bot)s::text
            AND assignments.attempt = %(attempt)s::int AND assignments.released_at IS NULL
    )"""
    + _FREE_BOT
    + """
    SELECT EXISTS (SELECT FROM done) AS done, EXISTS (
        SELECT FROM assignments
        WHERE assignments.job_id = job.id AND assignments.bot_id = %(bot)s::text
            AND assignments.attempt = %(attempt)s::int AND outcome = 'released'
    ) AS already
    FROM job"""
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of it: ``found`` the job, ``accepted`` the bot's claim to it, ``already`` done."""

    found: bool
    accepted: bool = False
    already: bool = False


async def complete(
    database: Database, canaries: frozenset[str], *, job_id: str, bot_id: str, attempt: int
) -> Ending:
    """Complete the job if it is this bot's at this attempt; repeating it changes nothing."""
    each_time = COMPLETION_NOT_IDEMPOTENT in canaries
    query = _COMPLETE_EACH_TIME if each_time else _COMPLETE
    rows = await database.fetch(query, {"job": job_id, "bot": bot_id, "attempt": attempt})
    if not rows:
        return Ending(found=False)
    row: dict[str, Any] = rows[0]
    already = row["own"] and row["already"]
    return Ending(True, accepted=row["done"] or already, already=already and not each_time)


async def release(database: Database, *, job_id: str, bot_id: str, attempt: int) -> Ending:
    """Put the job back if it is this bot's at this attempt; repeating it changes nothing."""
    rows = await database.fetch(_RELEASE, {"job": job_id, "bot": bot_id, "attempt": attempt})
    if not rows:
        return Ending(found=False)
    row = rows[0]
    return Ending(True, accepted=row["done"] or row["already"], already=not row["done"])
