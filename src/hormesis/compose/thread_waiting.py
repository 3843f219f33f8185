"""Thread waiting: how a coroutine waits for what another thread does, without touching it."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


async def awaited(future: Future[T]) -> T:
    """Return the result of *future*, or raise its exception; it goes on if the waiting does not.

    ``asyncio.wrap_future`` alone would cancel it together with whoever waits.
    """
    waited = asyncio.wrap_future(future)
    waited.add_done_callback(_looked_at)
    await asyncio.wait([waited])
    return waited.result()


async def settled(future: Future[Any]) -> None:
    """Return once *future* is done, whatever became of it."""
    waited = asyncio.wrap_future(future)
    waited.add_done_callback(_looked_at)
    await asyncio.wait([waited])


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Look at what nobody may be waiting for any more, so that asyncio does not complain."""
    if not future.cancelled():
        future.exception()
