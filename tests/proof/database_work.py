"""Clients of the proof rows: one that prepares a database, and one that works on it."""

from __future__ import annotations

import shlex
from typing import Any

import psycopg
import redis.asyncio


class Prepare:
    """Runs SQL statements once, before the tracks."""

    def __init__(self, user: Any, *, dsn: str, statements: list[str]) -> None:
        self._user = user
        self._dsn = dsn
        self._statements = statements

    async def iterate(self) -> None:
        """Run them in one transaction."""
        async with (
            self._user.op("prepare"),
            await psycopg.AsyncConnection.connect(self._dsn) as connection,
        ):
            for statement in self._statements:
                await connection.execute(statement.encode())


class Worker:
    """Runs one SQL statement after the other, over a connection that it renews when it is lost."""

    def __init__(self, user: Any, *, dsn: str, statement: str) -> None:
        self._user = user
        self._dsn = dsn
        self._statement = statement.encode()
        self._connection: psycopg.AsyncConnection | None = None

    async def iterate(self) -> None:
        """Work once."""
        async with self._user.op("work"):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._dsn, autocommit=True, application_name="worker"
                    )
                await self._connection.execute(self._statement)
            except psycopg.Error as error:
                raise ConnectionRefusedError(str(error)) from error
        await self._user.pause(0.02)

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()


class Fill:
    """Runs Redis commands once, before the tracks."""

    def __init__(self, user: Any, *, url: str, commands: list[str]) -> None:
        self._user = user
        self._url = url
        self._commands = commands

    async def iterate(self) -> None:
        """Run them one after the other."""
        client = redis.asyncio.Redis.from_url(self._url)
        async with self._user.op("prepare"):
            for command in self._commands:
                await client.execute_command(*shlex.split(command))
        await client.aclose()


class Asker:
    """Runs one Redis command after the other, over a connection that it renews when it is lost."""

    def __init__(self, user: Any, *, url: str, command: str) -> None:
        self._user = user
        self._command = shlex.split(command)
        self._client = redis.asyncio.Redis.from_url(url, socket_timeout=3, retry=None)

    async def iterate(self) -> None:
        """Ask once."""
        async with self._user.op("work"):
            try:
                await self._client.execute_command(*self._command)
            except redis.exceptions.RedisError as error:
                raise ConnectionRefusedError(str(error)) from error
        await self._user.pause(0.02)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()
