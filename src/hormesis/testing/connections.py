"""Connections of one test; the asynchronous ones belong to no loop before they are used."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from hormesis.testing.apart import in_a_thread
from hormesis.testing.connecting import CONNECT_WITHIN_S, patiently
from hormesis.testing.pools import async_conn_pool, conn_pool
from hormesis.testing.postgres_url import application_of
from hormesis.testing.session_state import SessionState

__all__ = ["async_conn", "async_conn_pool", "before_example", "conn_pool", "sync_conn"]

_OPEN: dict[int, psycopg.Connection | psycopg.AsyncConnection] = {}
"""The connections that a Hypothesis example finds rolled back, by their id."""
_FIRST: dict[int, SessionState] = {}
"""The state in which the first example found them, by their id."""
_RESULTS_MAX = 10_000


@contextmanager
def sync_conn(dsn: str, name: str) -> Iterator[psycopg.Connection]:
    """Give a connection of the test called *name*; not in autocommit."""
    connection = patiently(
        lambda: psycopg.connect(
            dsn, application_name=application_of(name), connect_timeout=CONNECT_WITHIN_S
        )
    )
    _OPEN[id(connection)] = connection
    try:
        yield connection
    finally:
        _forget(connection)
        connection.close()


@contextmanager
def async_conn(dsn: str, name: str) -> Iterator[psycopg.AsyncConnection]:
    """Give an asynchronous connection of the test called *name*, for any one loop to use."""
    application = application_of(name)

    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            dsn, application_name=application, connect_timeout=CONNECT_WITHIN_S
        )

    connection = patiently(lambda: in_a_thread(lambda: asyncio.run(connect())))
    _OPEN[id(connection)] = connection
    try:
        yield connection
    finally:
        _forget(connection)
        in_a_thread(lambda: asyncio.run(connection.close()))


def before_example() -> None:
    """Roll back what the example before has left open, on the fixtures' connections.

    What it has set is put back as well. On libpq's own level, so that it also serves connections
    whose loop is running, or gone.
    """
    for key, connection in list(_OPEN.items()):
        _roll_back(connection)
        if connection.pgconn.status != ConnStatus.OK:
            continue
        if key in _FIRST:
            _FIRST[key].put_back(connection)
        else:
            _FIRST[key] = SessionState.of(connection)


def _forget(connection: psycopg.Connection | psycopg.AsyncConnection) -> None:
    del _OPEN[id(connection)]
    _FIRST.pop(id(connection), None)


def _roll_back(connection: psycopg.Connection | psycopg.AsyncConnection) -> None:
    line = connection.pgconn
    if line.status != ConnStatus.OK or line.transaction_status == TransactionStatus.IDLE:
        return
    if line.transaction_status == TransactionStatus.ACTIVE:
        with suppress(psycopg.OperationalError):
            line.get_cancel().cancel()
        for _ in range(_RESULTS_MAX):
            result = line.get_result()
            if result is None:
                break
            if result.status == ExecStatus.COPY_IN:
                line.put_copy_end(b"the example is over")
            elif result.status == ExecStatus.COPY_OUT:
                while line.get_copy_data(0)[0] > 0:
                    pass
    line.exec_(b"ROLLBACK")
