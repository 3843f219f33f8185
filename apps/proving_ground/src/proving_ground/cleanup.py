"""Repair what crashed bots and corrupt rows leave behind.

Each repair is one statement and so one transaction. Its victims are chosen in one snapshot, and a
victim that has changed since (its attempt, its heartbeat) is left alone: a claim may run at the
same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

from proving_ground.canaries import CLEANUP_OFF, INHERITED_CORRUPTION, JOB_LOST_ON_WORKER_DEATH
from proving_ground.database import Database

# A pattern of ids that no repair touches; it matches none unless a planted defect says otherwise.
_NOTHING = ""
_INHERITED = "legacy-%"

_DEAD: LiteralString = """
    WITH victims AS MATERIALIZED (
        SELECT jobs.id AS job_id, jobs.attempt, bots.id AS bot_id, bots.last_heartbeat
        FROM bots JOIN jobs ON jobs.bot_id = bots.id AND jobs.id = bots.current_job_id
        WHERE jobs.status = 'assigned'
            AND bots.last_heartbeat < now() - make_interval(secs => %(timeout_s)s)
            AND bots.id NOT LIKE %(skipped)s::text
    )"""

_DEAD_JOB_BACK: LiteralString = """
    , repaired AS (
        UPDATE jobs SET status = 'pending', bot_id = NULL, claimed_at = NULL FROM victims
        WHERE jobs.id = victims.job_id AND jobs.attempt = victims.attempt
            AND jobs.status = 'assigned' AND jobs.bot_id = victims.bot_id
        RETURNING jobs.id, jobs.attempt
    )"""

# The planted defect: the job goes with its bot.
_DEAD_JOB_DELETED: LiteralString = """
    , repaired AS (
        DELETE FROM jobs USING victims
        WHERE jobs.id = victims.job_id AND jobs.attempt = victims.attempt
            AND jobs.status = 'assigned' AND jobs.bot_id = victims.bot_id
        RETURNING jobs.id, jobs.attempt
    )"""

_ASSIGNMENT_LOST: LiteralString = """
    , closed AS (
        UPDATE assignments SET released_at = now(), outcome = 'lost' FROM repaired
        WHERE assignments.job_id = repaired.id AND assignments.attempt = repaired.attempt
            AND assignments.released_at IS NULL
    )"""

_DEAD_BOT_FREED: LiteralString = """
    , freed AS (
        UPDATE bots SET current_job_id = NULL, status = 'lost' FROM victims
        WHERE bots.id = victims.bot_id AND bots.current_job_id = victims.job_id
            AND bots.last_heartbeat = victims.last_heartbeat
    )
    SELECT count(*) AS repaired FROM repaired"""

_DEAD_BOTS: LiteralString = _DEAD + _DEAD_JOB_BACK + _ASSIGNMENT_LOST + _DEAD_BOT_FREED
_DEAD_BOTS_JOB_DELETED: LiteralString = (
    _DEAD + _DEAD_JOB_DELETED + _ASSIGNMENT_LOST + _DEAD_BOT_FREED
)

_FREE_VICTIMS: LiteralString = """
    , repaired AS (
        UPDATE bots SET current_job_id = NULL, status = 'idle' FROM victims
        WHERE bots.id = victims.id AND bots.current_job_id = victims.current_job_id
            AND bots.last_heartbeat = victims.last_heartbeat
        RETURNING bots.id
    )
    SELECT count(*) AS repaired FROM repaired"""

_NOT_ITS_OWN: LiteralString = """
    NOT EXISTS (
        SELECT FROM jobs WHERE jobs.id = bots.current_job_id
            AND jobs.status = 'assigned' AND jobs.bot_id = bots.id)"""

_DUPLICATE_ASSIGNMENTS: LiteralString = (
    f"""
    WITH shared AS MATERIALIZED (
        SELECT current_job_id FROM bots WHERE current_job_id IS NOT NULL
        GROUP BY current_job_id HAVING count(*) > 1
    ), victims AS MATERIALIZED (
        SELECT id, current_job_id, last_heartbeat FROM bots
        WHERE current_job_id IN (SELECT current_job_id FROM shared) AND {_NOT_ITS_OWN}
            AND bots.id NOT LIKE %(skipped)s::text
    )"""
    + _FREE_VICTIMS
)

_ORPHANED_BOTS: LiteralString = (
    f"""
    WITH victims AS MATERIALIZED (
        SELECT id, current_job_id, last_heartbeat FROM bots
        WHERE current_job_id IS NOT NULL AND {_NOT_ITS_OWN}
            AND bots.id NOT LIKE %(skipped)s::text
    )"""
    + _FREE_VICTIMS
)

_STUCK_PENDING: LiteralString = (
    """
    WITH repaired AS (
        UPDATE jobs SET bot_id = NULL, claimed_at = NULL
        WHERE status = 'pending' AND (bot_id IS NOT NULL OR claimed_at IS NOT NULL)
            AND id NOT LIKE %(skipped)s::text
        RETURNING id, attempt
    )"""
    + _ASSIGNMENT_LOST
    + """
    SELECT count(*) AS repaired FROM repaired"""
)

_UNHELD_JOBS: LiteralString = (
    """
    WITH victims AS MATERIALIZED (
        SELECT id, attempt, bot_id FROM jobs
        WHERE status = 'assigned' AND id NOT LIKE %(skipped)s::text AND NOT EXISTS (
            SELECT FROM bots WHERE bots.id = jobs.bot_id AND bots.current_job_id = jobs.id)
    ), repaired AS (
        UPDATE jobs SET status = 'pending', bot_id = NULL, claimed_at = NULL FROM victims
        WHERE jobs.id = victims.id AND jobs.attempt = victims.attempt
            AND jobs.status = 'assigned' AND jobs.bot_id IS NOT DISTINCT FROM victims.bot_id
        RETURNING jobs.id, jobs.attempt
    )"""
    + _ASSIGNMENT_LOST
    + """
    SELECT count(*) AS repaired FROM repaired"""
)

REPAIRS = (
    "dead_bots",
    "duplicate_assignments",
    "orphaned_bots",
    "stuck_pending_jobs",
    "unheld_jobs",
)


async def clean_up(
    database: Database, canaries: frozenset[str], *, bot_timeout_s: float, judge_silence: bool
) -> Mapping[str, int]:
    """Repair everything and return how many of each kind of ``REPAIRS``.

    ``judge_silence`` False leaves silent bots alone: when the server itself could not hear for a
    while, silence says nothing about them.
    """
    repaired = dict.fromkeys(REPAIRS, 0)
    if CLEANUP_OFF in canaries:
        return repaired
    lost = JOB_LOST_ON_WORKER_DEATH in canaries
    dead_bots = _DEAD_BOTS_JOB_DELETED if lost else _DEAD_BOTS
    statements: dict[str, LiteralString] = {
        "dead_bots": dead_bots,
        "duplicate_assignments": _DUPLICATE_ASSIGNMENTS,
        "orphaned_bots": _ORPHANED_BOTS,
        "stuck_pending_jobs": _STUCK_PENDING,
        "unheld_jobs": _UNHELD_JOBS,
    }
    skipped = _INHERITED if INHERITED_CORRUPTION in canaries else _NOTHING
    parameters = {"timeout_s": bot_timeout_s, "skipped": skipped}
    for name in REPAIRS:
        if name == "dead_bots" and not judge_silence:
            continue
        rows = await database.fetch(statements[name], parameters)
        repaired[name] = int(rows[0]["repaired"])
    return repaired
