"""PostgreSQL delay: queries through a link take longer."""

from __future__ import annotations

from typing import ClassVar

from hormesis.faults.parts.delay_fault import DelayFault
from hormesis.proxy.postgres_statements import PostgresStatements


class PostgresDelay(PostgresStatements, DelayFault):
    """Delay each PostgreSQL query through a link by a random time between *min* and *max*.

    The proxy reads the protocol: logging in is not delayed, and a batch of the extended protocol
    waits once. An encrypted connection cannot be read; each chunk of it from the client waits.
    """

    noun: ClassVar[str] = "batches"
