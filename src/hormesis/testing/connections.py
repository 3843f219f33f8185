"""Connections of one test; the asynchronous ones belong to no loop before they are used."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from hormesis.testing.connecting import NOT_YET, PATIENCE_S, PAUSE_S
from hormesis.testing.pools import async_conn_pool, conn_pool
from hormesis.testing.postgres_url import application_of

__all__ = ["async_conn", "async_conn_pool", "before_example", "conn_pool", "sync_conn"]

T = TypeVar("T")
_OPEN: dict[int, psycopg.Connection | psycopg.AsyncConnection] = {}
"""The connections that a Hypothesis example finds rolled back, by their id."""
_RESULTS_MAX = 10_000


@contextmanager
def sync_conn(dsn: str, name: str) -> Iterator[psycopg.Connection]:
    """Give a connection of the test called *name*; not in autocommit."""
    connection = _patiently(
        lambda: psycopg.connect(dsn, application_name=application_of(name), connect_timeout=10)
    )
    _OPEN[id(connection)] = connection
    try:
        yield connection
    finally:
        del _OPEN[id(connection)]
        connection.close()


@contextmanager
def async_conn(dsn: str, name: str) -> Iterator[psycopg.AsyncConnection]:
    """Give an asynchronous connection of the test called *name*, for any one loop to use."""
    application = application_of(name)

    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            dsn, application_name=application, connect_timeout=10
        )

    connection = _patiently(lambda: apart(connect))
    _OPEN[id(connection)] = connection
    try:
        yield connection
    finally:
        del _OPEN[id(connection)]
        apart(connection.close)


def before_example() -> None:
    """Roll back what the example before has left open, on the fixtures' connections.

    On libpq's own level, so that it also serves connections whose loop is running, or gone.
    """
    for connection in list(_OPEN.values()):
        _roll_back(connection)


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


def apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do *work* on a loop of its own in a thread of its own, whatever loop runs in this one."""
    done: Future[T] = Future()

    def play() -> None:
        try:
            done.set_result(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            done.set_exception(error)

    thread = threading.Thread(target=play, name="hormesis-apart")
    thread.start()
    thread.join()
    return done.result()


def _patiently(connect: Callable[[], T]) -> T:
    """Connect, to a server that may be just coming back from what an earlier test did to it."""
    until, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while True:
        try:
            return connect()
        except psycopg.OperationalError as error:
            if time.monotonic() >= until or error.sqlstate not in NOT_YET:
                raise
        pause.wait(PAUSE_S)
