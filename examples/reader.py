"""A reader of a database, who asks again over a new connection when the old one was lost."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg

DEADLINE_S = 1.0


class Reader:
    """Asks one question after the other."""

    def __init__(self, user: Any, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection | None = None

    async def iterate(self) -> None:
        """Ask once; connecting is part of the answer's time."""
        try:
            async with self._user.op("read"), asyncio.timeout(DEADLINE_S):
                if self._connection is None:
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._dsn, autocommit=True
                    )
                await self._connection.execute("SELECT 1")
        except (TimeoutError, psycopg.Error):
            await self.close()
        await self._user.pause(0.05)

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
