"""The connections of one virtual user to one origin."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from functools import lru_cache

from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpTimeout
from hormesis.wire.core import Connection, Wire

AHEAD_S = 30.0
"""How long opening ahead may take when no request waits for it."""
CONNECTIONS_MAX = 6
"""How many a user has at once to one origin, as browsers and k6 do."""


@lru_cache(maxsize=8)
def tls_context(verify: bool) -> ssl.SSLContext:
    """Return the context that all users share: one costs more memory than a user does."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _nothing(connection: Connection) -> None:
    return


class Pool:
    """Connections to one origin: those idle now, and whoever waits for one."""

    __slots__ = ("_coming", "_tls", "_wire", "every", "idle", "limit", "origin", "waiting")

    def __init__(self, origin: Origin, wire: Wire, tls: ssl.SSLContext | None, limit: int) -> None:
        self.origin = origin
        self.idle: list[Connection] = []
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.every: list[Connection] = []
        self.limit = limit
        self._coming: asyncio.Task[None] | None = None
        self._wire = wire
        self._tls = tls

    def usable(self) -> Connection | None:
        """Return an idle connection that is still open, or None."""
        while self.idle:
            connection = self.idle.pop()
            if connection.usable:
                return connection
            self.drop(connection)
        return None

    async def take(self, timeout_s: float) -> tuple[Connection, bool]:
        """Return a connection, and whether it was opened just now.

        Raises:
            HttpTrouble: none can be opened in *timeout_s* seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (connection := self.usable()) is None:
            rest_s = max(0.001, deadline - loop.time())
            if self._coming is not None:
                if not await self.ahead(rest_s) and loop.time() >= deadline:
                    raise HttpTimeout("no connection in time", sent=False)
            elif len(self.every) < self.limit:
                return await self._open(rest_s), True
            else:
                await self._turn(deadline)
        return connection, False

    async def ahead(self, timeout_s: float, asked: Callable[[Connection], None] = _nothing) -> bool:
        """Have a connection opened ahead of the first request; wait *timeout_s* seconds for it.

        Return whether it is there. What takes longer goes on, and the first request waits for it;
        ``asked`` is told of it.

        Raises:
            HttpTrouble: it cannot be opened.
        """
        if self._coming is None:
            self._coming = asyncio.create_task(self._come(asked))
            # Nobody may be left to ask how it ended.
            self._coming.add_done_callback(lambda task: task.cancelled() or task.exception())
        coming = self._coming
        await asyncio.wait({coming}, timeout=timeout_s)
        if not coming.done():
            return False
        self._coming = None
        if not coming.cancelled():
            coming.result()
        return True

    async def _come(self, asked: Callable[[Connection], None]) -> None:
        connection = await self._open(AHEAD_S)
        asked(connection)
        self.give(connection)

    def give(self, connection: Connection) -> None:
        """Take a connection back whose answer was read whole."""
        if connection.usable:
            self.idle.append(connection)
            self.wake()
        else:
            self.drop(connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection for good."""
        if connection in self.every:
            self.every.remove(connection)
        connection.close()
        self.wake()

    def wake(self) -> None:
        """Let the next that waits look again."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def close(self) -> None:
        """Close all; requests under way end as disconnected."""
        self.limit = 0
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None
        self.idle.clear()
        while self.every:
            self.every.pop().close()
        self.wake()

    async def _open(self, timeout_s: float) -> Connection:
        connection = self._wire.connection()
        self.every.append(connection)
        try:
            await connection.open(
                self.origin.host,
                self.origin.port,
                tls=self._tls,
                server_name=self.origin.host,
                timeout_s=timeout_s,
            )
        except BaseException:
            self.drop(connection)
            raise
        return connection

    async def _turn(self, deadline: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            async with asyncio.timeout_at(deadline):
                await turn
        except TimeoutError:
            raise HttpTimeout("no free connection in time", sent=False) from None
        finally:
            if turn.done() and not turn.cancelled() and self.idle:
                self.wake()
