"""Pools of one test's connections."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from hormesis.testing.postgres_url import application_of

_TIMEOUT_S = 10.0
_CLOSING_S = 5.0


@contextmanager
def conn_pool(dsn: str, size: int, name: str) -> Iterator[ConnectionPool[psycopg.Connection]]:
    """Give an open pool of *size* connections of the test called *name*."""
    pool = ConnectionPool(
        dsn, min_size=size, max_size=size, timeout=_TIMEOUT_S, open=False,
        name="conn_pool", kwargs={"application_name": application_of(name)},
    )  # fmt: skip
    pool.open(wait=True, timeout=_TIMEOUT_S)
    try:
        yield pool
    finally:
        pool.close(timeout=_CLOSING_S)


@contextmanager
def async_conn_pool(dsn: str, size: int, name: str) -> Iterator[LazyAsyncPool]:
    """Give a pool of *size* asynchronous connections, which opens itself in the test's loop."""
    pool = LazyAsyncPool(
        dsn, min_size=size, max_size=size, timeout=_TIMEOUT_S, open=False,
        name="async_conn_pool", kwargs={"application_name": application_of(name)},
    )  # fmt: skip
    try:
        yield pool
    finally:
        pool.abandon()


class LazyAsyncPool(AsyncConnectionPool[psycopg.AsyncConnection]):
    """A pool that is opened by its first use, in whichever loop that happens.

    It may be left open: when its loop is gone, :meth:`abandon` ends its connections all the same.
    """

    def __init__(self, conninfo: str, **given: Any) -> None:
        self._lines: weakref.WeakSet[psycopg.AsyncConnection] = weakref.WeakSet()
        self._home: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        super().__init__(conninfo, configure=self._remember, **given)

    async def open(self, wait: bool = False, timeout: float = 30.0) -> None:
        """Open the pool in the loop that runs."""
        self._home = asyncio.get_running_loop()
        await super().open(wait=wait, timeout=timeout)

    async def getconn(self, timeout: float | None = None) -> psycopg.AsyncConnection:
        """Return a connection to be given back with ``putconn``; opens the pool when needed."""
        await self._open_here()
        return await super().getconn(timeout)

    async def wait(self, timeout: float = 30.0) -> None:
        """Open the pool when needed, and wait until it is full."""
        await self._open_here()
        await super().wait(timeout)

    def abandon(self) -> None:
        """End every connection, and the pool's own tasks as far as their loop still lives."""
        home = self._home
        if home is not None and not self.closed:
            if home.is_running():
                asyncio.run_coroutine_threadsafe(self.close(timeout=_CLOSING_S), home)
            elif not home.is_closed():
                home.run_until_complete(self.close(timeout=_CLOSING_S))
        self._closed = True
        for line in list(self._lines):
            line.pgconn.finish()

    async def _remember(self, connection: psycopg.AsyncConnection) -> None:
        self._lines.add(connection)

    async def _open_here(self) -> None:
        async with self._opening:
            if self._home is None:
                await self.open()
                # Not by way of open(): that would ask for the pool to be opened once more.
                await super().wait(_TIMEOUT_S)
