"""Clients of a bank that is nothing but a table: ten accounts with a hundred each."""

from __future__ import annotations

from typing import Any

import psycopg

ACCOUNTS = 10


class OpenAccounts:
    """Runs once, before the tracks."""

    def __init__(self, user: Any, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn

    async def iterate(self) -> None:
        """Create the table."""
        async with (
            self._user.op("open-accounts"),
            await psycopg.AsyncConnection.connect(self._dsn) as connection,
        ):
            await connection.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int)")
            await connection.execute(
                "INSERT INTO accounts SELECT n, 100 FROM generate_series(1, %s) n", [ACCOUNTS]
            )


class Customer:
    """Whoever has a connection that is renewed when it is lost."""

    def __init__(self, user: Any, *, dsn: str) -> None:
        self._user = user
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection | None = None

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            try:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, application_name="teller"
                )
            except psycopg.OperationalError as error:
                raise ConnectionRefusedError(str(error)) from error
        return self._connection


class Auditor(Customer):
    """Reads all balances at one moment."""

    async def iterate(self) -> None:
        """Read once."""
        async with self._user.op("audit") as op:
            connection = await self._connected()
            cursor = await connection.execute("SELECT json_agg(balance)::text FROM accounts")
            op.note(balances=(await cursor.fetchone() or [None])[0])
        await self._user.pause(0.02)


class Teller(Customer):
    """Moves money between two accounts."""

    def __init__(self, user: Any, *, dsn: str, careless: str = "") -> None:
        super().__init__(user, dsn=dsn)
        self._careless = bool(careless)

    async def iterate(self) -> None:
        """Transfer once."""
        giver, taker = sorted(self._user.rng.sample(range(1, ACCOUNTS + 1), 2))
        amount = self._user.rng.randint(1, 5)
        async with self._user.op("transfer", giver=giver, taker=taker, amount=amount):
            connection = await self._connected()
            async with connection.transaction():
                await self._add(connection, giver, -amount)
                if not self._careless:
                    await self._add(connection, taker, amount)
            if self._careless:
                async with connection.transaction():
                    await connection.execute("SELECT pg_sleep(0.02)")
                    await self._add(connection, taker, amount)
        await self._user.pause(0.01)

    @staticmethod
    async def _add(connection: psycopg.AsyncConnection, account: int, amount: int) -> None:
        await connection.execute(
            "UPDATE accounts SET balance = balance + %s WHERE id = %s", [amount, account]
        )
