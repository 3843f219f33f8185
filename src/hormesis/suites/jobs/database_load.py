"""Load on the database itself: scans, sorts and writes beside the system under test."""

from __future__ import annotations

import psycopg

from hormesis.words.client import User


class DatabaseLoad:
    """One connection that keeps PostgreSQL busy without touching anyone's tables."""

    def __init__(self, user: User, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection | None = None

    async def open(self) -> None:
        """Connect, and make a temporary table that vanishes with the connection."""
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, application_name="hormesis-database-load"
            )
        except psycopg.OperationalError as error:
            raise ConnectionError(str(error)) from error
        await self._connection.execute("CREATE TEMP TABLE busy (n int, t text)")

    async def iterate(self) -> None:
        """Write, scan and sort once."""
        assert self._connection is not None
        async with self._user.op("database-work"):
            await self._connection.execute(
                "INSERT INTO busy SELECT n, md5(n::text) FROM generate_series(1, 20000) n"
            )
            await self._connection.execute("SELECT count(DISTINCT t) FROM busy")
            await self._connection.execute("TRUNCATE busy")

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
