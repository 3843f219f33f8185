"""A small checked pool: every statement bounded, dead connections replaced, reasons kept.

psycopg_pool is not used because it hides why a connection could not be opened and, after a long
outage, waits up to minutes before it tries again; here both would falsify what the server says.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from proving_ground.canaries import CRASH_ON_DATABASE_LOSS, NO_RECONNECT, UNBOUNDED_WAIT
from proving_ground.database_trouble import SLOW, UNAVAILABLE, DatabaseTrouble, trouble_of

_LOG = logging.getLogger(__name__)
_Connection = psycopg.AsyncConnection[DictRow]
EXIT_DATABASE_LOST = 70


@dataclass(slots=True)
class _Held:
    """One connection, with the generation it was opened in."""

    connection: _Connection
    generation: int
    cut: bool = False


class Database:
    """Runs single statements, each its own transaction, on a few kept connections.

    ``timeout_s`` bounds one call of ``fetch`` altogether: waiting for a free connection, opening
    one, running the statement, and the one repetition after a lost connection.
    """

    def __init__(
        self, dsn: str, *, timeout_s: float, connections_max: int, canaries: frozenset[str]
    ) -> None:
        self._canaries = canaries
        self.timeout_s = None if UNBOUNDED_WAIT in canaries else timeout_s
        self._dsn = _conninfo(dsn, self.timeout_s)
        self._slots = asyncio.Semaphore(connections_max)
        self._idle: list[_Held] = []
        self._open = 0
        self._generation = 0
        self._gave_up = False
        self.lost_total = 0

    @property
    def connections(self) -> Mapping[str, int]:
        """How many connections are open, and how many of them idle."""
        return {"open": self._open, "idle": len(self._idle)}

    async def fetch(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Sequence[DictRow]:
        """Return the rows of one statement, which must be safe to repeat.

        Raises ``DatabaseTrouble`` when there is no answer within the time.
        """
        limit_s = timeout_s or self.timeout_s
        now = asyncio.get_running_loop().time()
        deadline = None if limit_s is None else now + limit_s
        try:
            return await self._fetch_once(query, parameters, deadline)
        except DatabaseTrouble as trouble:
            if not trouble.again or NO_RECONNECT in self._canaries:
                raise
        return await self._fetch_once(query, parameters, deadline)

    async def sweep(self) -> None:
        """Replace idle connections that have died, before a request meets one."""
        if NO_RECONNECT in self._canaries:
            return
        dead = [held for held in self._idle if _heard_from(held.connection)]
        self._idle = [held for held in self._idle if held not in dead]
        for held in dead:
            self._note_loss("the server closed an idle connection")
            await self._discard(held)

    async def close(self) -> None:
        """Close the idle connections; those in use are closed as they come back."""
        self._generation += 1
        while self._idle:
            await self._discard(self._idle.pop())

    async def _fetch_once(
        self, query: LiteralString, parameters: Mapping[str, Any] | None, deadline: float | None
    ) -> Sequence[DictRow]:
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            raise DatabaseTrouble(SLOW, "no free database connection in time") from None
        try:
            held = await self._take(deadline)
            try:
                return await self._run(held, query, parameters, deadline)
            finally:
                await self._give_back(held)
        finally:
            self._slots.release()

    async def _run(
        self,
        held: _Held,
        query: LiteralString,
        parameters: Mapping[str, Any] | None,
        deadline: float | None,
    ) -> Sequence[DictRow]:
        loop = asyncio.get_running_loop()
        cutter = loop.call_at(deadline, self._cut, held, loop.time()) if deadline else None
        try:
            # A script has no parameters and several statements, which cannot be prepared.
            cursor = await held.connection.execute(
                query, parameters, prepare=parameters is not None
            )
            return await cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            if held.cut:
                raise DatabaseTrouble(SLOW, "no answer from the database in time") from None
            lost = held.connection.closed
            trouble = trouble_of(error, lost=lost)
            if trouble is None:
                raise
            if trouble.lost:
                self._note_loss(trouble.detail)
            raise trouble from error
        finally:
            if cutter is not None:
                cutter.cancel()

    def _cut(self, held: _Held, began: float) -> None:
        """Wake a statement whose time is over by shutting its socket down.

        Cancelling the task instead would make psycopg wait for the server to confirm, which a
        partitioned network never does.
        """
        held.cut = True
        if self.timeout_s and asyncio.get_running_loop().time() - began > 0.9 * self.timeout_s:
            # The server would have cancelled the statement by itself and said so: the network
            # is suspect, and with it every connection opened before now.
            self._generation += 1
        try:
            with socket.socket(fileno=os.dup(held.connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)
        except (OSError, psycopg.Error) as error:
            _LOG.debug("connection was gone before it could be cut: %s", error)

    async def _take(self, deadline: float | None) -> _Held:
        if self._gave_up:
            raise DatabaseTrouble(UNAVAILABLE, "the database connection was lost")
        while self._idle:
            held = self._idle.pop()
            if NO_RECONNECT in self._canaries:
                return held
            if held.generation != self._generation:
                await self._discard(held)
            elif _heard_from(held.connection):
                self._note_loss("the server closed an idle connection")
                await self._discard(held)
            else:
                return held
        return await self._connect(deadline)

    async def _connect(self, deadline: float | None) -> _Held:
        try:
            async with asyncio.timeout_at(deadline):
                connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, row_factory=dict_row
                )
        except TimeoutError:
            raise DatabaseTrouble(SLOW, "no connection to the database in time") from None
        except psycopg.Error as error:
            trouble = trouble_of(error, lost=False)
            code = trouble.code if trouble else UNAVAILABLE
            raise DatabaseTrouble(code, " ".join(str(error).split())) from None
        self._open += 1
        return _Held(connection, self._generation)

    async def _give_back(self, held: _Held) -> None:
        closed = held.connection.closed or held.cut
        if NO_RECONNECT in self._canaries:
            self._gave_up = self._gave_up or closed
            self._idle.append(held)
        elif closed or held.generation != self._generation:
            await self._discard(held)
        else:
            self._idle.append(held)

    async def _discard(self, held: _Held) -> None:
        self._open -= 1
        await held.connection.close()

    def _note_loss(self, detail: str) -> None:
        self.lost_total += 1
        if CRASH_ON_DATABASE_LOSS in self._canaries:
            _LOG.critical("database connection lost, exiting: %s", detail)
            logging.shutdown()
            os._exit(EXIT_DATABASE_LOST)
        if NO_RECONNECT in self._canaries:
            self._gave_up = True


def _heard_from(connection: _Connection) -> bool:
    """Return whether an idle connection has something to say; that can only be its end."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _conninfo(dsn: str, timeout_s: float | None) -> str:
    # Plans are made while the tables are nearly empty, and kept: a scan of the whole table that
    # looks cheap then is not an hour later.
    options = str(conninfo_to_dict(dsn).get("options") or "")
    options += " -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off"
    bounds: dict[str, int | str] = {}
    if timeout_s is not None:
        options += f" -c statement_timeout={max(1, round(timeout_s * 900))}"
        bounds = {
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": round(timeout_s * 1000),
        }
    return make_conninfo(dsn, application_name="proving-ground", options=options.strip(), **bounds)
