"""Connections from a pool, one for each piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from stratum.canaries import planted


class Sessions:
    """Hands out connections of *pool*, and gives each back whatever happened on it."""

    def __init__(self, pool: ConnectionPool[Any], timeout_s: float = 5.0) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    @contextmanager
    def session(self) -> Iterator[Connection[Any]]:
        """Give a connection in a transaction, which an error rolls back.

        Raises ``psycopg_pool.PoolTimeout`` when none becomes free in time.
        """
        conn = self._pool.getconn(self._timeout_s)
        if planted("connection-leaked"):
            with conn.transaction():
                yield conn
            self._pool.putconn(conn)
            return
        try:
            with conn.transaction():
                yield conn
        finally:
            self._pool.putconn(conn)
