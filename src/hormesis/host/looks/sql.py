"""Look at one number in PostgreSQL."""

from __future__ import annotations

from hormesis.host.sql import SqlTrouble, ask
from hormesis.words.look import Reading, SqlLook
from hormesis.words.trouble import CapabilityTrouble

TIMEOUT_S = 2.0


async def read_sql(look: SqlLook, *, timeout_s: float = TIMEOUT_S) -> Reading:
    """Return ``value``, the first column of the answer's first row, or ``error``; never raises."""
    try:
        answer = await ask(look.dsn, look.query, timeout_s=timeout_s, rows_max=1)
    except (SqlTrouble, CapabilityTrouble) as trouble:
        return {"error": str(trouble)}
    if not answer.rows:
        return {"error": "the query answers no row"}
    return {"value": answer.value}
