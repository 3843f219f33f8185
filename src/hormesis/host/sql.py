"""Ask PostgreSQL one question, read-only, with a bound that holds whatever the network does."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import decimal
import os
import socket
from dataclasses import dataclass
from typing import Any

from hormesis.words.kind import Scalar
from hormesis.words.trouble import CapabilityTrouble, Problem

APPLICATION = "hormesis-probe"
"""Our name in ``pg_stat_activity``; faults spare connections whose name begins ``hormesis-``."""
_LAST_WORDS_S = 0.5


class SqlTrouble(Exception):
    """There is no answer; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: its first rows as mappings, and how many rows there were in all."""

    rows: tuple[dict[str, Scalar], ...]
    count: int

    @property
    def value(self) -> Scalar:
        """Return the first column of the first row, or None."""
        return next(iter(self.rows[0].values()), None) if self.rows else None


def postgres_driver() -> Any:
    """Return the module ``psycopg``.

    Raises:
        CapabilityTrouble: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise CapabilityTrouble(
            Problem(
                "the PostgreSQL driver is not installed",
                hint="pip install 'hormesis[postgres]'",
            )
        ) from error
    return psycopg


async def ask(dsn: str, query: str, *, timeout_s: float = 2.0, rows_max: int = 100) -> Rows:
    """Return the answer to *query*, over a new connection, in a read-only transaction.

    ``timeout_s`` bounds connecting and asking together; the server gives the query up by itself
    at about the same time, so that a blocked one does not keep a connection slot.

    Raises:
        SqlTrouble: no answer, with the reason.
        CapabilityTrouble: the driver is not installed.
    """
    psycopg = postgres_driver()
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        async with asyncio.timeout_at(deadline):
            connection = await psycopg.AsyncConnection.connect(dsn, application_name=APPLICATION)
    except TimeoutError:
        raise SqlTrouble("timeout: no connection in time") from None
    except psycopg.Error as error:
        raise SqlTrouble(_told(error)) from error
    asking = asyncio.create_task(_asked(connection, query, timeout_s, rows_max))
    try:
        await asyncio.wait({asking}, timeout=deadline - asyncio.get_running_loop().time())
        if asking.done():
            return asking.result()
    except psycopg.Error as error:
        raise SqlTrouble(_told(error)) from error
    finally:
        await _end(asking, connection)
    raise SqlTrouble("timeout: no answer in time")


async def perform(dsn: str, statement: str, *, timeout_s: float = 10.0) -> int:
    """Perform *statement*, which may write, in a transaction; return how many rows it touched.

    Raises:
        SqlTrouble: it was not performed, or nobody knows, with the reason.
        CapabilityTrouble: the driver is not installed.
    """
    psycopg = postgres_driver()
    try:
        async with asyncio.timeout(timeout_s):
            connection = await psycopg.AsyncConnection.connect(dsn, application_name=APPLICATION)
            async with connection:
                cursor = await connection.execute(statement)
                return max(int(cursor.rowcount), 0)
    except TimeoutError:
        raise SqlTrouble("timeout: no answer in time") from None
    except psycopg.Error as error:
        raise SqlTrouble(_told(error)) from error


async def _asked(connection: Any, query: str, timeout_s: float, rows_max: int) -> Rows:
    try:
        await connection.set_read_only(True)
        await connection.execute(f"SET LOCAL statement_timeout = {max(1, int(timeout_s * 1000))}")
        cursor = await connection.execute(query)
        if cursor.description is None:
            return Rows((), max(cursor.rowcount, 0))
        names = [column.name for column in cursor.description]
        rows = [
            {name: _scalar(value) for name, value in zip(names, row, strict=True)}
            for row in await cursor.fetchmany(rows_max)
        ]
        return Rows(tuple(rows), cursor.rowcount)
    finally:
        await connection.close()


async def _end(asking: asyncio.Task[Rows], connection: Any) -> None:
    """End an unanswered question by ending its connection.

    Cancelling the task would have the driver ask the server to cancel, and wait for that without
    a bound; on a cut line there is nobody to answer.
    """
    if asking.done():
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    await asyncio.wait({asking}, timeout=_LAST_WORDS_S)
    if asking.done():
        asking.exception()
    else:
        asking.cancel()


def _told(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    state = getattr(error, "sqlstate", None)
    return text.splitlines()[0] + (f" ({state})" if state else "")


def _scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
