"""Who works: what the workers say of themselves in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from proving_ground.database import Database

ALIVE = ("ready", "draining")
_ALL: LiteralString = """
SELECT name, pid, concurrency, running, resident_bytes, started_at, last_seen,
    CASE WHEN last_seen < now() - make_interval(secs => %(silence)s) AND state <> 'stopped'
        THEN 'dead' ELSE state END AS state
FROM workers ORDER BY name"""
_ALIVE: LiteralString = """
SELECT count(*) AS count FROM workers
WHERE state <> 'stopped' AND last_seen >= now() - make_interval(secs => %(silence)s)"""


async def all_of(database: Database, silence_s: float) -> Sequence[dict[str, Any]]:
    """Return every worker that was ever seen; dead means silent for *silence_s* seconds."""
    rows = await database.fetch(_ALL, {"silence": silence_s})
    return [
        {**row, **{when: row[when].isoformat() for when in ("started_at", "last_seen")}}
        for row in rows
    ]


async def alive(database: Database, silence_s: float) -> int:
    """Return how many workers are heard of."""
    rows = await database.fetch(_ALIVE, {"silence": silence_s})
    return int(rows[0]["count"])
