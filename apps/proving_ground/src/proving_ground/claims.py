"""Claiming a job: one statement, one transaction, one round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg

from proving_ground.canaries import CLAIM_WITHOUT_LOCK, SLOW_CLAIM
from proving_ground.database import Database

_NEEDLESS_WAIT_S = 0.15
_ANY_OF_KIND: LiteralString = "kind = %(kind)s::text"
_THIS_ONE: LiteralString = "id = %(job)s::text"

_CLAIMABLE: LiteralString = "status = 'pending' AND bot_id IS NULL AND claimed_at IS NULL"

# A request that is repeated with its request_id finds its assignment and changes nothing.
_REPEATED: LiteralString = """
    WITH repeated AS MATERIALIZED (
        SELECT job_id, attempt FROM assignments
        WHERE bot_id = %(bot)s::text AND request_id = %(request)s::text
    )"""

# A bot that asks for work does not work: what it still holds (its answer was lost) goes back.
_EFFECTS: LiteralString = """
    , handed_back AS (
        UPDATE jobs SET status = 'pending', bot_id = NULL, claimed_at = NULL
        WHERE bot_id = %(bot)s::text AND status = 'assigned'
            AND NOT EXISTS (SELECT FROM repeated)
        RETURNING id, attempt
    ), closed AS (
        UPDATE assignments SET released_at = now(), outcome = 'abandoned' FROM handed_back
        WHERE assignments.job_id = handed_back.id AND assignments.attempt = handed_back.attempt
            AND assignments.released_at IS NULL
    ), recorded AS (
        INSERT INTO assignments (job_id, bot_id, attempt, request_id)
        SELECT id, %(bot)s::text, attempt, %(request)s::text FROM claimed
    ), holder AS (
        INSERT INTO bots AS b (id, name, status, current_job_id)
        SELECT %(bot)s::text, %(bot)s::text,
            CASE WHEN EXISTS (SELECT FROM claimed) THEN 'working' ELSE 'idle' END,
            (SELECT id FROM claimed)
        ON CONFLICT (id) DO UPDATE SET
            last_heartbeat = now(),
            status = CASE WHEN EXISTS (SELECT FROM repeated)
                THEN b.status ELSE excluded.status END,
            current_job_id = CASE WHEN EXISTS (SELECT FROM repeated)
                THEN b.current_job_id ELSE excluded.current_job_id END
    )
    SELECT id, kind, attempt, work_ms, payload FROM claimed
    UNION ALL
    SELECT jobs.id, jobs.kind, repeated.attempt, jobs.work_ms, jobs.payload
    FROM repeated JOIN jobs ON jobs.id = repeated.job_id"""


def _locked(choice: LiteralString) -> LiteralString:
    return (
        _REPEATED
        + f"""
    , candidate AS MATERIALIZED (
        SELECT id FROM jobs
        WHERE {choice} AND {_CLAIMABLE} AND NOT EXISTS (SELECT FROM repeated)
        ORDER BY seq LIMIT 1
        FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE jobs
        SET status = 'assigned', bot_id = %(bot)s::text, attempt = attempt + 1, claimed_at = now()
        FROM candidate WHERE jobs.id = candidate.id
        RETURNING jobs.id, jobs.kind, jobs.attempt, jobs.work_ms, jobs.payload
    )"""
        + _EFFECTS
    )


_CLAIM_KIND = _locked(_ANY_OF_KIND)
_CLAIM_THIS = _locked(_THIS_ONE)

# The planted defect: what was true when the job was read is written without looking again.
_LOOK: LiteralString = "SELECT id, attempt FROM jobs WHERE "
_LOOK_KIND: LiteralString = f"{_LOOK}{_ANY_OF_KIND} AND {_CLAIMABLE} ORDER BY seq LIMIT 1"
_LOOK_THIS: LiteralString = f"{_LOOK}{_THIS_ONE} AND {_CLAIMABLE}"
_LOOK_BOT: LiteralString = "SELECT id, status FROM bots WHERE id = %(bot)s::text"
_CLAIM_UNLOCKED: LiteralString = (
    _REPEATED
    + """
    , claimed AS (
        UPDATE jobs
        SET status = 'assigned', bot_id = %(bot)s::text, attempt = %(attempt)s::int,
            claimed_at = now()
        WHERE id = %(job)s::text AND NOT EXISTS (SELECT FROM repeated)
        RETURNING id, kind, attempt, work_ms, payload
    )"""
    + _EFFECTS
)


async def claim(
    database: Database,
    canaries: frozenset[str],
    *,
    bot_id: str,
    kind: str,
    job_id: str | None,
    request_id: str | None,
) -> Mapping[str, Any] | None:
    """Give the oldest pending job of ``kind``, or ``job_id`` itself, to the bot; None if none.

    Repeating a claim with the same ``request_id`` returns the same job. An unknown bot becomes
    known. Raises ``DatabaseTrouble``.
    """
    parameters = {"bot": bot_id, "kind": kind, "job": job_id, "request": request_id}
    if SLOW_CLAIM in canaries:
        await asyncio.sleep(_NEEDLESS_WAIT_S)
    claim_once = _claim_unlocked if CLAIM_WITHOUT_LOCK in canaries else _claim_locked
    try:
        return await claim_once(database, parameters)
    except psycopg.errors.UniqueViolation:
        # The same request runs twice at this moment, and the other one has won: it has recorded
        # its assignment by now, so asking again finds it.
        return await claim_once(database, parameters)


async def _claim_locked(
    database: Database, parameters: dict[str, str | None]
) -> Mapping[str, Any] | None:
    query = _CLAIM_THIS if parameters["job"] is not None else _CLAIM_KIND
    rows = await database.fetch(query, parameters)
    return rows[0] if rows else None


async def _claim_unlocked(
    database: Database, parameters: dict[str, str | None]
) -> Mapping[str, Any] | None:
    look = _LOOK_THIS if parameters["job"] is not None else _LOOK_KIND
    found = await database.fetch(look, parameters)
    await database.fetch(_LOOK_BOT, parameters)
    if not found:
        # Nothing to claim: the statement still answers a repeated request and notes the bot.
        return await _claim_locked(database, parameters)
    chosen = {**parameters, "job": found[0]["id"], "attempt": found[0]["attempt"] + 1}
    rows = await database.fetch(_CLAIM_UNLOCKED, chosen)
    return rows[0] if rows else None
