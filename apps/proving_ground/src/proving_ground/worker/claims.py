"""A worker's dealings with the queue: each is one statement, one transaction, one round trip."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.queen.breakers import FAILED, SUCCEEDED, breaker_of
from proving_ground.worker.canaries import (
    BREAKER_NEVER_CLOSES,
    BREAKER_NEVER_OPENS,
    BREAKER_SHARED_BETWEEN_TYPES,
    CANCELLED_RUNS_ON,
    CLAIMED_WITHOUT_LEASE,
    COMPLETION_HALF_WRITTEN,
    FAILED_TASK_FORGOTTEN,
    GIVES_UP_TOO_EARLY,
    HALF_OPEN_LETS_ALL,
    LEASE_NOT_RENEWED,
    NO_RETRY_BACKOFF,
    RESULT_LOST_ON_RETRY,
    RETURNING_WORKER_NOT_COUNTED,
    WORK_WAITS_FOR_EVERY_BREAKER,
)
from proving_ground.worker.memory import resident_bytes
from proving_ground.worker.settings import WorkerSettings

_BACKOFF_MOST_S = 30.0

_TO_DO: LiteralString = "t.status IN ('pending', 'failed')"
_CLAIMABLE: LiteralString = f"{_TO_DO} AND t.run_at <= now()"
# The planted defect: what was cancelled is still to do.
_CANCELLED_TOO: LiteralString = "t.status IN ('pending', 'failed', 'cancelled')"
_BREAKER: LiteralString = "b.type = CASE WHEN %(shared)s THEN 'every type' ELSE t.type END"
_LEASED: LiteralString = "lease_until = now() + make_interval(secs => %(lease_s)s)"
_CLAIMED: LiteralString = f"""
, claimed AS (
    UPDATE tasks SET status = 'running', attempt = attempt + 1, worker = %(worker)s::text,
        {_LEASED}, started_at = now(),
        error = NULL
    FROM candidate WHERE tasks.id = candidate.id
    RETURNING tasks.id, tasks.type, tasks.payload, tasks.attempt, tasks.max_attempts
), recorded AS (
    INSERT INTO task_executions (task_id, attempt, worker)
    SELECT id, attempt, %(worker)s::text FROM claimed
)
SELECT id, type, payload, attempt, max_attempts FROM claimed"""
_CLAIM: LiteralString = f"""
WITH candidate AS MATERIALIZED (
    SELECT t.id FROM tasks t
    WHERE {_CLAIMABLE}
        AND NOT EXISTS (SELECT FROM breakers b WHERE {_BREAKER} AND b.state <> 'closed')
    ORDER BY t.priority DESC, t.seq LIMIT 1
    FOR UPDATE OF t SKIP LOCKED
){_CLAIMED}"""
# A breaker whose time is over lets one task through. Should the probe's worker die, its time is
# over again after a lease.
_PROBE: LiteralString = f"""
WITH due AS MATERIALIZED (
    SELECT b.type FROM breakers b
    WHERE b.state <> 'closed' AND b.open_until <= now()
        AND EXISTS (SELECT FROM tasks t WHERE {_CLAIMABLE} AND {_BREAKER})
    LIMIT 1 FOR UPDATE OF b SKIP LOCKED
), candidate AS MATERIALIZED (
    SELECT t.id FROM tasks t
    WHERE {_CLAIMABLE} AND (%(shared)s OR t.type = (SELECT type FROM due))
        AND EXISTS (SELECT FROM due)
    ORDER BY t.priority DESC, t.seq LIMIT 1
    FOR UPDATE OF t SKIP LOCKED
), probing AS (
    UPDATE breakers SET state = 'half-open',
        changed_at = CASE WHEN state = 'open' THEN now() ELSE changed_at END,
        open_until = now() + make_interval(secs => %(lease_s)s)
    FROM due WHERE breakers.type = due.type AND EXISTS (SELECT FROM candidate)
){_CLAIMED}"""
# The planted defect: a breaker whose time is over keeps nothing back until one attempt has failed.
_HALF_OPEN: LiteralString = """
UPDATE breakers SET state = 'half-open', changed_at = now()
WHERE state = 'open' AND open_until <= now()"""
_CLAIM_UNLESS_OPEN: LiteralString = _CLAIM.replace("b.state <> 'closed'", "b.state = 'open'")

_MINE: LiteralString = """id = %(id)s::text AND worker = %(worker)s::text
        AND attempt = %(attempt)s::int AND status = 'running'"""
_CLOSED: LiteralString = """
, closed AS (
    UPDATE task_executions e SET finished_at = clock_timestamp(), outcome = %(outcome)s::text,
        error = %(error)s::text
    FROM finished WHERE e.task_id = finished.id AND e.attempt = %(attempt)s::int
        AND e.outcome IS NULL
)"""
_COMPLETE: LiteralString = f"""
WITH finished AS (
    UPDATE tasks SET status = 'completed', finished_at = now(), lease_until = NULL,
        result = %(result)s::jsonb
    WHERE {_MINE} RETURNING id
){_CLOSED}, counted AS ({SUCCEEDED})
SELECT id FROM finished"""
_COMPLETE_HALF: LiteralString = f"""
WITH finished AS (
    UPDATE tasks SET status = 'completed', finished_at = now(), lease_until = NULL,
        result = %(result)s::jsonb
    WHERE {_MINE} RETURNING id
)
SELECT id FROM finished"""
# The work was done although the task was not this worker's any more: the evidence says so.
_STALE: LiteralString = """
UPDATE task_executions SET outcome = 'stale', finished_at = clock_timestamp()
WHERE task_id = %(id)s::text AND attempt = %(attempt)s::int AND worker = %(worker)s::text
    AND outcome = 'abandoned'
RETURNING id"""
_FAIL_UNCOUNTED: LiteralString = f"""
WITH finished AS (
    UPDATE tasks SET lease_until = NULL,
        status = CASE WHEN attempt + %(early)s::int >= max_attempts THEN 'dead' ELSE 'failed' END,
        finished_at = CASE WHEN attempt + %(early)s::int >= max_attempts THEN now() END,
        run_at = now() + make_interval(secs => %(backoff_s)s), error = %(error)s::text
    WHERE {_MINE} RETURNING id
){_CLOSED}"""
_FAIL: LiteralString = f"{_FAIL_UNCOUNTED}, counted AS ({FAILED})\nSELECT id FROM finished"
_FAIL_UNSEEN: LiteralString = f"{_FAIL_UNCOUNTED}\nSELECT id FROM finished"
# The planted defect: what failed is not kept for another attempt.
_FORGET: LiteralString = f"""
WITH finished AS (DELETE FROM tasks WHERE {_MINE} RETURNING id){_CLOSED}, counted AS ({FAILED})
SELECT id FROM finished"""
# What was handed back was neither done nor failed: it does not count as an attempt.
_HAND_BACK: LiteralString = f"""
WITH finished AS (
    UPDATE tasks SET status = 'pending', attempt = attempt - 1, worker = NULL, lease_until = NULL,
        run_at = now()
    WHERE {_MINE} RETURNING id
){_CLOSED}
SELECT id FROM finished"""
_BEAT: LiteralString = f"""
WITH seen AS (
    INSERT INTO workers AS w (name, pid, concurrency, state, running, resident_bytes)
    VALUES (%(worker)s::text, %(pid)s::int, %(concurrency)s::int, %(state)s::text,
        %(running)s::int, %(resident)s::bigint)
    ON CONFLICT (name) DO UPDATE SET
        started_at = CASE WHEN w.pid = excluded.pid THEN w.started_at ELSE now() END,
        pid = excluded.pid, concurrency = excluded.concurrency,
        state = CASE WHEN %(stays)s AND w.state = 'stopped' THEN w.state ELSE excluded.state END,
        running = excluded.running, resident_bytes = excluded.resident_bytes, last_seen = now()
)
UPDATE tasks SET {_LEASED}
WHERE worker = %(worker)s::text AND status = 'running' AND %(renew)s
    AND id = ANY(%(ids)s::text[])
RETURNING id, attempt"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task in hand, at one attempt."""

    id: str
    type: str
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int


class Claims:
    """What one worker claims, renews, ends and hands back; all raise ``DatabaseTrouble``."""

    def __init__(self, settings: WorkerSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._completed = 0
        self._claim, self._probe, self._beat = _CLAIM, _PROBE, _BEAT
        if CANCELLED_RUNS_ON in settings.canaries:
            self._claim = _CLAIM.replace(_TO_DO, _CANCELLED_TOO)
            self._probe = _PROBE.replace(_TO_DO, _CANCELLED_TOO)
        if WORK_WAITS_FOR_EVERY_BREAKER in settings.canaries:
            self._claim = self._claim.replace(f"{_BREAKER} AND ", "")
        if CLAIMED_WITHOUT_LEASE in settings.canaries:
            self._claim = self._claim.replace(_LEASED, "lease_until = NULL")
            self._probe = self._probe.replace(_LEASED, "lease_until = NULL")
            self._beat = _BEAT.replace(_LEASED, "lease_until = NULL")
        self._common = {
            "worker": settings.name,
            "lease_s": settings.lease_s,
            "shared": BREAKER_SHARED_BETWEEN_TYPES in settings.canaries,
        }

    async def claim(self) -> Claimed | None:
        """Return the most urgent task, or the probe of a breaker whose time is over."""
        if HALF_OPEN_LETS_ALL in self._settings.canaries:
            await self._database.fetch(_HALF_OPEN, {})
            rows = await self._database.fetch(_CLAIM_UNLESS_OPEN, self._common)
            return Claimed(**rows[0]) if rows else None
        if BREAKER_NEVER_CLOSES not in self._settings.canaries:
            rows = await self._database.fetch(self._probe, self._common)
            if rows:
                return Claimed(**rows[0])
        rows = await self._database.fetch(self._claim, self._common)
        return Claimed(**rows[0]) if rows else None

    async def complete(self, task: Claimed, result: Mapping[str, Any]) -> bool:
        """Note that the task is done; False when it is not this worker's any more."""
        self._completed += 1
        lost = RESULT_LOST_ON_RETRY in self._settings.canaries and task.attempt > 1
        written = None if lost else json.dumps(result)
        given = {"result": written, "outcome": "completed", "error": None}
        half = COMPLETION_HALF_WRITTEN in self._settings.canaries and self._completed % 2 == 0
        if await self._end(_COMPLETE_HALF if half else _COMPLETE, task, given):
            return True
        await self._end(_STALE, task, {})
        return False

    async def fail(self, task: Claimed, error: str) -> bool:
        """Note a failure: the task is tried again after a while that doubles, or is dead."""
        query = _FAIL_UNSEEN if BREAKER_NEVER_OPENS in self._settings.canaries else _FAIL
        if FAILED_TASK_FORGOTTEN in self._settings.canaries:
            query = _FORGET
        backoff_s = min(_BACKOFF_MOST_S, self._settings.backoff_s * 2 ** (task.attempt - 1))
        given = {
            "early": int(GIVES_UP_TOO_EARLY in self._settings.canaries),
            "outcome": "failed",
            "error": error,
            "backoff_s": 0.0 if NO_RETRY_BACKOFF in self._settings.canaries else backoff_s,
            "most": self._settings.breaker_failures,
            "open_s": self._settings.breaker_open_s,
        }
        return await self._end(query, task, given)

    async def give_up(self, task: Claimed, error: str) -> bool:
        """Let nobody try the task again, however many attempts it has left."""
        given = {"early": task.max_attempts, "outcome": "failed", "error": error, "backoff_s": 0.0}
        return await self._end(_FAIL_UNSEEN, task, given)

    async def hand_back(self, task: Claimed) -> bool:
        """Let another worker have the task at once."""
        return await self._end(_HAND_BACK, task, {"outcome": "handed-back", "error": None})

    async def _end(self, query: LiteralString, task: Claimed, given: Mapping[str, Any]) -> bool:
        breaker = breaker_of(self._settings.canaries, task.type)
        own = {"id": task.id, "attempt": task.attempt, "breaker": breaker}
        return bool(await self._database.fetch(query, {**self._common, **own, **given}))

    async def beat(self, state: str, in_hand: Iterable[str]) -> frozenset[str]:
        """Say that this worker lives, and renew its leases; return the tasks that it still has."""
        ids = list(in_hand)
        given = {
            "pid": os.getpid(),
            "concurrency": self._settings.concurrency,
            "state": state,
            "running": len(ids),
            "resident": resident_bytes(),
            "renew": LEASE_NOT_RENEWED not in self._settings.canaries,
            "ids": ids,
            "stays": RETURNING_WORKER_NOT_COUNTED in self._settings.canaries,
        }
        rows = await self._database.fetch(self._beat, {**self._common, **given})
        return frozenset(row["id"] for row in rows)
