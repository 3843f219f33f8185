"""Recruits: processes of the crew that start while the system does, and wait for their orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hormesis.host.member_process import MemberProcess

MEMBER = "hormesis.engine.crew.member"
"""The module that a worker runs."""


class Recruits:
    """Processes without orders; *said* gets what they print."""

    def __init__(self, said: Callable[[str], None]) -> None:
        self._said = said
        self._starting: list[asyncio.Task[MemberProcess]] = []

    def call(self, count: int) -> None:
        """Begin to start *count* of them."""
        self._starting += [
            asyncio.create_task(MemberProcess.start(MEMBER, self._said)) for _ in range(count)
        ]

    async def one(self) -> MemberProcess:
        """Return one of those that were called; it is the caller's to close.

        Raises:
            OSError: it cannot be started.
        """
        starting = self._starting.pop()
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._starting.append(starting)  # Whoever closes ends it.
            raise

    async def close(self) -> None:
        """End those that nobody took; closing twice is harmless."""
        starting, self._starting = self._starting, []
        there = await asyncio.gather(*starting, return_exceptions=True)
        await asyncio.gather(*(one.close() for one in there if isinstance(one, MemberProcess)))
