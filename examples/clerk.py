"""Clerks of a shop of two tables: each sale takes a piece from the stock and is written down."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.errors import DeadlockDetected

TABLES = """
CREATE TABLE stock (item int PRIMARY KEY, pieces int NOT NULL);
CREATE TABLE sales (item int NOT NULL);
INSERT INTO stock VALUES (7, 1000000);
ALTER DATABASE postgres SET deadlock_timeout = '100ms'
"""


class OpenShop:
    """Runs once, before the tracks."""

    def __init__(self, user: Any, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn

    async def iterate(self) -> None:
        """Create the tables."""
        async with (
            self._user.op("open-shop"),
            await psycopg.AsyncConnection.connect(self._dsn) as connection,
        ):
            for statement in TABLES.split(";"):
                await connection.execute(statement.encode())


class Clerk:
    """Sells, and sells again when the database aborted the sale."""

    def __init__(self, user: Any, *, dsn: str, tries: str) -> None:
        self._user = user
        self._dsn = dsn
        self._tries = int(tries)
        self._connection: psycopg.AsyncConnection | None = None

    async def open(self) -> None:
        """Connect."""
        self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)

    async def iterate(self) -> None:
        """Sell one piece."""
        async with self._user.op("sell") as op:
            for tried in range(1, self._tries + 1):
                op.note(tried=tried)
                try:
                    await self._sell()
                except DeadlockDetected:
                    await self._user.pause(self._user.rng.uniform(0.02, 0.05))
                else:
                    break
            else:
                op.fail("deadlock")
        await self._user.pause(0.02)

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()

    async def _sell(self) -> None:
        assert self._connection is not None
        async with self._connection.transaction():
            await self._connection.execute("UPDATE stock SET pieces = pieces - 1 WHERE item = 7")
            await self._connection.execute("INSERT INTO sales VALUES (7)")
