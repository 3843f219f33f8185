"""Tasks in the database: each change is one statement, safe to repeat."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.queen.canaries import DEAD_LETTER_RETRY_LOSES_TASK

COUNT_MAX = 1000
ATTEMPTS_DEFAULT = 3

_FIELDS: LiteralString = """id, owner, type, payload, tags, priority, status, attempt, max_attempts,
    idempotency_key, run_at, worker, created_at, started_at, finished_at, result, error"""
_SUBMIT: LiteralString = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(tasks)s::jsonb) AS g
        (id text, type text, payload jsonb, tags text[], priority int, max_attempts int,
        idempotency_key text)
), new AS (
    INSERT INTO tasks (id, owner, type, payload, tags, priority, max_attempts, idempotency_key)
    SELECT id, %(owner)s::text, type, payload, tags, priority, max_attempts, idempotency_key
    FROM given
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT id AS given, id, true AS created, 'pending' AS status FROM new
UNION ALL
SELECT given.id, tasks.id, false, tasks.status FROM given JOIN tasks ON tasks.id = given.id
    OR (tasks.owner = %(owner)s::text AND tasks.idempotency_key = given.idempotency_key)"""
_MADE_WITH: LiteralString = """
SELECT id, status FROM tasks WHERE owner = %(owner)s::text AND idempotency_key = %(key)s::text"""
_WRITE_KEY: LiteralString = """
UPDATE tasks SET idempotency_key = %(key)s::text WHERE id = %(id)s::text RETURNING id"""
_VISIBLE: LiteralString = "(%(owner)s::text IS NULL OR owner = %(owner)s::text)"
_LIST: LiteralString = f"""
SELECT {_FIELDS} FROM tasks
WHERE {_VISIBLE}
    AND (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
    AND (%(status)s::text IS NULL OR status = %(status)s::text)
    AND (%(type)s::text IS NULL OR type = %(type)s::text)
ORDER BY seq DESC LIMIT %(limit)s::int OFFSET %(offset)s::int"""
_ONE: LiteralString = f"SELECT {_FIELDS} FROM tasks WHERE id = %(id)s::text AND {_VISIBLE}"
_EXECUTIONS: LiteralString = """
SELECT attempt, worker, started_at, finished_at, outcome, error FROM task_executions
WHERE task_id = %(id)s::text ORDER BY id"""
_CANCEL: LiteralString = f"""
UPDATE tasks SET status = 'cancelled', finished_at = now()
WHERE id = %(id)s::text AND {_VISIBLE} AND status IN ('pending', 'failed') RETURNING id"""
_RETRY: LiteralString = f"""
UPDATE tasks SET status = 'pending', run_at = now(), finished_at = NULL,
    max_attempts = attempt + {ATTEMPTS_DEFAULT}
WHERE id = %(id)s::text AND {_VISIBLE} AND status = ANY(%(statuses)s::text[]) RETURNING id"""
_DELETE: LiteralString = f"""
DELETE FROM tasks
WHERE id = %(id)s::text AND {_VISIBLE} AND status = ANY(%(statuses)s::text[]) RETURNING id"""
_DELIVER: LiteralString = """
INSERT INTO deliveries (receiver, task_id, key)
VALUES (%(receiver)s::text, %(task)s::text, %(key)s::text)
ON CONFLICT (receiver, key) DO NOTHING RETURNING id"""
_DELIVERIES: LiteralString = """
SELECT task_id, key, at FROM deliveries WHERE receiver = %(receiver)s::text ORDER BY id"""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task as it is submitted; ``id`` is its own even if the submission is repeated."""

    type: str
    payload: Mapping[str, Any]
    tags: Sequence[str]
    priority: int
    max_attempts: int
    idempotency_key: str | None
    id: str

    def as_row(self) -> dict[str, Any]:
        """Return it as the statement reads it."""
        return {field: getattr(self, field) for field in self.__slots__}


@dataclass(frozen=True, slots=True)
class Submitted:
    """A task as it is after its submission: a repeated one finds what became of the first."""

    id: str
    created: bool
    status: str


def new_id() -> str:
    """Return an id that no other task has."""
    return uuid.uuid4().hex


async def submit(
    database: Database, owner: str, tasks: Sequence[NewTask]
) -> Mapping[str, Submitted]:
    """Write the tasks, all or none; map each given id to what is there."""
    parameters = {"owner": owner, "tasks": json.dumps([task.as_row() for task in tasks])}
    found: dict[str, Submitted] = {}
    while len(found) < len(tasks):
        # A submission with the same key that is being written at this moment shows only once it
        # has been; asking again finds it.
        for row in await database.fetch(_SUBMIT, parameters):
            found.setdefault(row["given"], Submitted(row["id"], row["created"], row["status"]))
    return found


async def submit_without_key(
    database: Database, owner: str, task: NewTask, *, key_after_s: float | None
) -> Mapping[str, Submitted]:
    """Write the task as the planted defects do: without its key, which follows later or never."""
    key = {"owner": owner, "key": task.idempotency_key, "id": task.id}
    if key_after_s is not None:
        for row in await database.fetch(_MADE_WITH, key):
            return {task.id: Submitted(row["id"], False, row["status"])}
    found = await submit(database, owner, [replace(task, idempotency_key=None)])
    if key_after_s is not None:
        await asyncio.sleep(key_after_s)
        await database.fetch(_WRITE_KEY, key)
    return found


async def listed(database: Database, **filters: Any) -> Sequence[dict[str, Any]]:
    """Return tasks, latest first; filters: owner, tag, status, type, limit, offset."""
    return [_readable(row) for row in await database.fetch(_LIST, filters)]


async def one(database: Database, task_id: str, owner: str | None) -> dict[str, Any] | None:
    """Return a task with its executions, or None when *owner* has no such task."""
    rows = await database.fetch(_ONE, {"id": task_id, "owner": owner})
    if not rows:
        return None
    executions = await database.fetch(_EXECUTIONS, {"id": task_id})
    return {**_readable(rows[0]), "executions": [_readable(row) for row in executions]}


async def cancel(database: Database, task_id: str, owner: str | None) -> bool:
    """Cancel what has not begun; return whether it was so."""
    return bool(await database.fetch(_CANCEL, {"id": task_id, "owner": owner}))


async def retry(
    database: Database,
    canaries: frozenset[str],
    task_id: str,
    owner: str | None,
    statuses: Sequence[str],
) -> bool:
    """Put a task that has one of *statuses* back into the queue; return whether it was so."""
    parameters = {"id": task_id, "owner": owner, "statuses": list(statuses)}
    if DEAD_LETTER_RETRY_LOSES_TASK in canaries:
        return bool(await database.fetch(_DELETE, parameters))
    return bool(await database.fetch(_RETRY, parameters))


async def delete(
    database: Database, task_id: str, owner: str | None, statuses: Sequence[str]
) -> bool:
    """Delete a task that has one of *statuses*; return whether it was so."""
    parameters = {"id": task_id, "owner": owner, "statuses": list(statuses)}
    return bool(await database.fetch(_DELETE, parameters))


async def deliver(database: Database, receiver: str, task_id: str | None, key: str | None) -> bool:
    """Note what a webhook brought; False when a delivery with the same key was noted before."""
    parameters = {"receiver": receiver, "task": task_id, "key": key}
    return bool(await database.fetch(_DELIVER, parameters))


async def deliveries(database: Database, receiver: str) -> Sequence[dict[str, Any]]:
    """Return what webhooks brought to *receiver*."""
    rows = await database.fetch(_DELIVERIES, {"receiver": receiver})
    return [_readable(row) for row in rows]


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }
