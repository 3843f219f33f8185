"""Bots as the server knows them: registered, and last heard from when."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from proving_ground.database import Database

_REGISTER: LiteralString = """
    INSERT INTO bots (id, name, kinds)
    VALUES (%(bot)s::text, %(name)s::text, %(kinds)s::text[])
    ON CONFLICT (id) DO UPDATE SET last_heartbeat = now()"""

_HEARTBEAT: LiteralString = """
    INSERT INTO bots AS b (id, name) VALUES (%(bot)s::text, %(bot)s::text)
    ON CONFLICT (id) DO UPDATE SET last_heartbeat = now(),
        status = CASE WHEN b.current_job_id IS NULL THEN 'idle' ELSE 'working' END
    RETURNING b.current_job_id"""

_ALL: LiteralString = """
    SELECT id, name, kinds, status, current_job_id,
        extract(epoch FROM now() - last_heartbeat)::float8 AS heartbeat_age_s
    FROM bots ORDER BY id LIMIT 1000"""

_HEARTBEAT_AGES: LiteralString = """
    SELECT min(age) AS newest, max(age) AS oldest FROM (
        SELECT extract(epoch FROM now() - last_heartbeat)::float8 AS age
        FROM bots WHERE status <> 'lost' OR current_job_id IS NOT NULL) ages"""


def new_bot_id(name: str) -> str:
    """Return an identifier that shows the name and is nobody else's."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)[:40]}-{secrets.token_hex(4)}"


async def register(database: Database, bot_id: str, name: str, kinds: Sequence[str]) -> None:
    """Make the bot known."""
    await database.fetch(_REGISTER, {"bot": bot_id, "name": name, "kinds": list(kinds)})


async def heartbeat(database: Database, bot_id: str) -> str | None:
    """Note that the bot lives; return the job that the server believes it works on."""
    rows = await database.fetch(_HEARTBEAT, {"bot": bot_id})
    current: str | None = rows[0]["current_job_id"]
    return current


async def bots(database: Database) -> Sequence[Mapping[str, Any]]:
    """Return up to 1000 bots."""
    return await database.fetch(_ALL, {})


async def heartbeat_ages_s(database: Database) -> Mapping[str, float]:
    """Return the ages of the ``newest`` and ``oldest`` heartbeat of bots that count as alive."""
    row = (await database.fetch(_HEARTBEAT_AGES, {}))[0]
    return {name: row[name] for name in ("newest", "oldest") if row[name] is not None}
