"""Load on the database itself: scans, sorts and writes beside the system under test."""

from __future__ import annotations

from typing import Any

from hormesis.words.client import User
from hormesis.words.trouble import CapabilityTrouble


class DatabaseLoad:
    """One connection that keeps PostgreSQL busy without touching anyone's tables."""

    def __init__(self, user: User, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn
        self._connection: Any = None

    async def open(self) -> None:
        """Connect, and make a temporary table that vanishes with the connection."""
        try:
            import psycopg
        except ImportError:
            raise CapabilityTrouble(
                "load on the database needs the extra postgres",
                hint="pip install 'hormesis[postgres]'",
            ) from None
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, application_name="hormesis-database-load"
            )
        except psycopg.OperationalError as error:
            raise ConnectionError(str(error)) from error
        await self._connection.execute("CREATE TEMP TABLE busy (n int, t text)")

    async def iterate(self) -> None:
        """Write, scan and sort once."""
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
