"""Whether a server is healthy that is as good as its database."""

from __future__ import annotations

import os
import time

from starlette.responses import JSONResponse

from proving_ground.database import Database
from proving_ground.database_trouble import DatabaseTrouble

_TIMEOUT_S = 1.0


class DatabaseHealth:
    """Asks the database over the same connections that requests use, for at most a second.

    *well* is what the answer says of a database that is; *lies* is the planted defect of a server
    that does not look.
    """

    def __init__(self, database: Database, *, well: str, lies: bool) -> None:
        self._database = database
        self._well = well
        self._lies = lies
        self._began_s = time.monotonic()

    async def answer(self, *, schema_ready: bool = True) -> JSONResponse:
        """Return 200 healthy, or 503 with the reason."""
        trouble = "" if self._lies else await self._trouble(schema_ready)
        document = {
            "status": "unhealthy" if trouble else "healthy",
            "database": trouble or self._well,
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - self._began_s, 3),
        }
        return JSONResponse(document, 503 if trouble else 200)

    async def _trouble(self, schema_ready: bool) -> str:
        try:
            await self._database.fetch("SELECT 1", {}, timeout_s=_TIMEOUT_S)
        except DatabaseTrouble as trouble:
            return f"{trouble.code}: {trouble.detail}"
        return "" if schema_ready else "the schema has not been created yet"
