"""Keep loops going: an error that nobody expected is logged, and the loop begins again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

_LOG = logging.getLogger(__name__)
Loop = Callable[[], Coroutine[None, None, None]]
_AGAIN_S = 0.5
_STOP_S = 2.0


async def supervised(name: str, run: Loop) -> None:
    """Run the loop *name* until it ends by itself or is cancelled."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - the last resort: logged, and the loop goes on
            _LOG.exception("the loop %s failed; it begins again", name)
            await asyncio.sleep(_AGAIN_S)
        else:
            return


@contextlib.asynccontextmanager
async def supervising(loops: Mapping[str, Loop]) -> AsyncIterator[None]:
    """Keep the loops going meanwhile; cancelled, they have two seconds to end."""
    tasks = [asyncio.create_task(supervised(name, run), name=name) for name, run in loops.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_STOP_S)
