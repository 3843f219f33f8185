"""Printers that take turns by a lock in Redis; the pages have numbers."""

from __future__ import annotations

from typing import Any

import redis.asyncio

LIFE_MS = 10_000
PRINT_S = 0.25

TAKE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('INCR', KEYS[2]) end"
"""The page is taken only by who holds the lock: one step, so nothing can come between."""
LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class Printer:
    """Prints the next page whenever it gets the lock."""

    def __init__(self, user: Any, *, url: str, manner: str) -> None:
        self._user = user
        self._careful = manner == "careful"
        self._redis = redis.asyncio.Redis.from_url(url)

    async def iterate(self) -> None:
        """Try to get the lock; with it, print a page and count it."""
        me = f"{self._user.number}-{self._user.rng.getrandbits(64)}"
        if not await self._redis.set("lock:printer", me, nx=True, px=LIFE_MS):
            await self._user.pause(0.01)
            return
        page = int(await self._redis.get("printed") or 0) + 1
        async with self._user.op("print", printer=self._user.number) as op:
            await self._user.pause(PRINT_S)
            if self._careful and not await self._redis.eval(TAKE, 2, "lock:printer", "printed", me):
                op.fail("lock-lost")
            else:
                op.note(page=page)
        if not self._careful:
            await self._redis.set("printed", page)
        await self._redis.eval(LET_GO, 1, "lock:printer", me)

    async def close(self) -> None:
        """Hang up."""
        await self._redis.aclose()
