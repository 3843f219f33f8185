"""Bounded run: plays a coroutine on a loop of its own, and leaves the loop in bounded time.

``asyncio.run`` waits for every task that is left over, for ever when one refuses to be cancelled,
and for every thread of its executor. What user code leaves behind must not hold up a verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE_S = 2.0
"""How long tasks and asynchronous generators that are left over may take to end."""


def run_bounded(main: Coroutine[Any, Any, T], *, patience_s: float = PATIENCE_S) -> T:
    """Run *main* and return what it returns, or raise what it raises."""
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        try:
            _leave(loop, patience_s)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _leave(loop: asyncio.AbstractEventLoop, patience_s: float) -> None:
    """Cancel what is left; forget what does not end in time."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=patience_s))
    closing = loop.create_task(_close_generators(loop))
    loop.run_until_complete(asyncio.wait({closing}, timeout=patience_s))
    for task in {*left, closing, *asyncio.all_tasks(loop)}:
        if not task.done():
            # It is told nowhere else: nobody can do anything about it any more.
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        elif not task.cancelled():
            task.exception()


async def _close_generators(loop: asyncio.AbstractEventLoop) -> None:
    await loop.shutdown_asyncgens()
