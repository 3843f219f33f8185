"""The answer to an SQL query."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from pydantic import Field

from hormesis.host.sql import SqlTrouble, ask
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds


class Sql(Probe):
    """Ask PostgreSQL a question, over a connection of its own, in a read-only transaction.

    Fields: ``value`` (first column of the first row), ``count`` (number of rows) and ``ms``. Rows
    are kept as mappings. Needs the extra ``hormesis[postgres]``.
    """

    driver: ClassVar[str] = "psycopg"
    extra: ClassVar[str] = "postgres"
    shorthand: ClassVar[str] = "query"

    query: str = Field(min_length=1)
    """The SQL text."""
    dsn: str = Field(min_length=1)
    """Where: a URL such as ``postgresql://postgres@127.0.0.1:5432/postgres``."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long connecting and asking may take together."""
    rows_max: int = Field(default=100, ge=1)
    """How many rows are kept."""

    def describe(self) -> str:
        """Return the query; the address may hold a password and stays out."""
        text = " ".join(self.query.split())
        return f"sql({text if len(text) <= 60 else text[:57] + '…'})"

    async def observe(self, world: World) -> Observation:
        """Ask once.

        Raises:
            CapabilityTrouble: the PostgreSQL driver is not installed.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            answer = await ask(
                self.dsn, self.query, timeout_s=self.timeout, rows_max=self.rows_max
            )
        except SqlTrouble as trouble:
            return Observation(reason=str(trouble))
        ms = round((loop.time() - started) * 1000, 3)
        fields = {"value": answer.value, "count": answer.count, "ms": ms}
        return Observation(fields, rows=answer.rows)
