"""PostgreSQL for one virtual user: each statement or transaction is one recorded operation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hormesis.host.sql import postgres_driver
from hormesis.words.client import Recording, User
from hormesis.words.sqlstate import happened_unknown, state_of

APPLICATION = "hormesis-load"
NAME_MAX = 60


class PostgresSession:
    """One connection, opened when it is first needed and again when it was lost.

    A statement that the server refused is *fail*: it did not happen. A lost connection, a time-out
    and a server that goes down make it *info*. The exception goes on, and ends the iteration.
    """

    def __init__(
        self, user: User, dsn: str, *, timeout: float = 30.0, application: str = APPLICATION
    ) -> None:
        self._user = user
        self._dsn = dsn
        self._application = application
        self._timeout_s = timeout
        self._driver = postgres_driver()
        self._connection: Any = None

    async def query(
        self, statement: str, params: Sequence[Any] = (), *, name: str = ""
    ) -> list[dict[str, Any]]:
        """Do one statement in a transaction of its own; return its rows."""
        async with self._operation(name or _name_of(statement)) as recording:
            connection = await self.connect()
            rows = await _rows(connection, statement, params)
            recording.note(rows=len(rows))
            return rows

    execute = query

    @asynccontextmanager
    async def transaction(self, name: str = "transaction") -> AsyncIterator[Transaction]:
        """Do the block's statements as one transaction, which is one operation."""
        async with self._operation(name):
            connection = await self.connect()
            async with connection.transaction():
                yield Transaction(connection)

    async def connect(self) -> Any:
        """Return the connection, opened if it has to be."""
        if self._connection is None or self._connection.closed:
            psycopg = self._driver
            self._connection = None
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn,
                autocommit=True,
                application_name=self._application,
                row_factory=psycopg.rows.dict_row,
            )
        return self._connection

    async def ready(self) -> None:
        """Connect ahead of the first statement, which tries again if this fails."""
        try:
            await self.connect()
        except self._driver.Error:
            return

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @asynccontextmanager
    async def _operation(self, name: str) -> AsyncIterator[Recording]:
        async with self._user.op(name) as recording:
            try:
                async with asyncio.timeout(self._timeout_s):
                    yield recording
            except self._driver.Error as error:
                record_error(recording, error, connected=self._connection is not None)
                raise
            except TimeoutError:
                recording.info("timeout")
                await self.close()
                raise


class Transaction:
    """What a transaction's block asks."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def query(self, statement: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of one statement."""
        return await _rows(self._connection, statement, params)

    execute = query


def record_error(recording: Recording, error: Exception, *, connected: bool) -> None:
    """Record how an operation ended in *error*, one of the driver's: *fail*, or nobody knows."""
    state = state_of(error)
    recording.note(answer=str(error).strip().partition("\n")[0][:120])
    if not connected:
        recording.fail(state or "refused")
    elif not state:
        recording.info("disconnected")
    elif happened_unknown(state):
        recording.info(state)
    else:
        recording.fail(state)


async def _rows(connection: Any, statement: str, params: Sequence[Any]) -> list[dict[str, Any]]:
    cursor = await connection.execute(statement, params or None)
    rows: list[dict[str, Any]] = await cursor.fetchall() if cursor.description else []
    return rows


def _name_of(statement: str) -> str:
    return " ".join(statement.split())[:NAME_MAX].replace(".", "_")
