"""A circuit breaker per task type, kept in the database so that all workers share it.

Closed: tasks run. After so many consecutive failures: open, tasks of the type wait and new ones
are refused. When its time is over: half-open, one task may probe; its success closes the breaker,
its failure opens it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.queen.canaries import BREAKER_NEVER_REFUSES
from proving_ground.worker.canaries import BREAKER_SHARED_BETWEEN_TYPES

_EVERY_TYPE = "every type"

_STATE: LiteralString = """
    CASE WHEN state = 'open' AND open_until <= now() THEN 'half-open' ELSE state END"""
_ALL: LiteralString = f"""
SELECT type, {_STATE} AS state, failures, changed_at,
    greatest(0, extract(epoch FROM open_until - now()))::float AS open_for_s
FROM breakers ORDER BY type"""
_ONE: LiteralString = f"SELECT {_STATE} AS state FROM breakers WHERE type = %(type)s::text"

# Parts of the statement that ends an execution: they count it once, with the row of `finished`.
SUCCEEDED: LiteralString = """
UPDATE breakers SET failures = 0,
    changed_at = CASE WHEN state = 'half-open' THEN now() ELSE changed_at END,
    state = CASE WHEN state = 'half-open' THEN 'closed' ELSE state END
FROM finished
WHERE type = %(breaker)s::text AND (failures > 0 OR state = 'half-open')"""
FAILED: LiteralString = """
INSERT INTO breakers AS b (type, failures, state, open_until)
SELECT %(breaker)s::text, 1, CASE WHEN %(most)s::int <= 1 THEN 'open' ELSE 'closed' END,
    now() + make_interval(secs => %(open_s)s) FROM finished
ON CONFLICT (type) DO UPDATE SET
    failures = b.failures + 1,
    open_until = CASE WHEN b.state = 'open' THEN b.open_until
        ELSE now() + make_interval(secs => %(open_s)s) END,
    changed_at = CASE WHEN b.state <> 'open'
        AND (b.state = 'half-open' OR b.failures + 1 >= %(most)s::int)
        THEN now() ELSE b.changed_at END,
    state = CASE WHEN b.state = 'half-open' OR b.failures + 1 >= %(most)s::int
        THEN 'open' ELSE b.state END"""

_RESET: LiteralString = """
UPDATE breakers SET state = 'closed', failures = 0, changed_at = now()
WHERE type = %(type)s::text"""


def breaker_of(canaries: frozenset[str], task_type: str) -> str:
    """Return the name of the breaker that serves a type: its own."""
    return _EVERY_TYPE if BREAKER_SHARED_BETWEEN_TYPES in canaries else task_type


async def all_of(database: Database) -> Sequence[dict[str, Any]]:
    """Return the breakers of all types that ever failed."""
    rows = await database.fetch(_ALL, {})
    return [{**row, "changed_at": row["changed_at"].isoformat()} for row in rows]


async def is_open(database: Database, canaries: frozenset[str], task_type: str) -> bool:
    """Return whether tasks of the type are to be refused now."""
    if BREAKER_NEVER_REFUSES in canaries:
        return False
    rows = await database.fetch(_ONE, {"type": breaker_of(canaries, task_type)})
    return bool(rows) and rows[0]["state"] == "open"


async def reset(database: Database, task_type: str) -> None:
    """Close the breaker of a type by hand."""
    await database.fetch(_RESET, {"type": task_type})
