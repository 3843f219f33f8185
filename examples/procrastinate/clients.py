"""Clients that put jobs into the queue, as an application would."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException


class Deferrer:
    """Defers *batch* jobs in one transaction; ok means that they were acknowledged."""

    def __init__(self, user: Any, *, dsn: str, work_ms: int = 50, batch: int = 1) -> None:
        self._user = user
        self._dsn = dsn
        self._work_ms = int(work_ms)
        self._batch = int(batch)
        self._made = 0
        self._app: App | None = None

    async def open(self) -> None:
        """Connect."""
        connector = PsycopgConnector(
            conninfo=self._dsn, kwargs={"application_name": "client"}, min_size=1, max_size=1
        )
        self._app = App(connector=connector)
        try:
            await self._app.open_async()
        except (ConnectorException, psycopg.OperationalError) as error:
            raise ConnectionRefusedError(str(error)) from error

    async def iterate(self) -> None:
        """Defer once."""
        keys = self._new_keys()
        async with self._user.op("defer", keys=json.dumps(keys)):
            await self._defer(keys)

    async def close(self) -> None:
        """Hang up."""
        if self._app is not None:
            await self._app.close_async()

    def _new_keys(self) -> list[str]:
        first = self._made + 1
        self._made += self._batch
        name = f"{self._user.load}-{self._user.number}"
        return [f"{name}-{number}" for number in range(first, self._made + 1)]

    async def _defer(self, keys: list[str]) -> None:
        assert self._app is not None
        work = self._app.configure_task("work", queue="work")
        jobs: list[dict[str, Any]] = [{"key": key, "work_ms": self._work_ms} for key in keys]
        await work.batch_defer_async(*jobs)


class RoundTrip(Deferrer):
    """Defers one job and waits until it has been done: the operation's time is the user's."""

    def __init__(self, user: Any, *, dsn: str, work_ms: int = 50, patience_s: float = 10) -> None:
        super().__init__(user, dsn=dsn, work_ms=work_ms)
        self._patience_s = float(patience_s)
        self._listener: psycopg.AsyncConnection | None = None

    async def open(self) -> None:
        """Connect, and listen for what is done."""
        await super().open()
        self._listener = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="client"
        )
        await self._listener.execute("LISTEN done")

    async def iterate(self) -> None:
        """Defer, and wait for the end."""
        keys = self._new_keys()
        async with self._user.op("round-trip", keys=json.dumps(keys)) as op:
            await self._defer(keys)
            if not await self._is_done(keys[0]):
                op.info("not-done")

    async def close(self) -> None:
        """Hang up."""
        if self._listener is not None:
            await self._listener.close()
        await super().close()

    async def _is_done(self, key: str) -> bool:
        assert self._listener is not None
        async for notice in self._listener.notifies(timeout=self._patience_s):
            if notice.payload == key:
                return True
        return False
