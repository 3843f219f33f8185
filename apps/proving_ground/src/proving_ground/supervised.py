"""Keep a loop going: an error that nobody expected is logged, and the loop begins again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

_LOG = logging.getLogger(__name__)
_AGAIN_S = 0.5


async def supervised(name: str, run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run the loop *name* until it ends by itself or is cancelled."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - the last resort: logged, and the loop goes on
            _LOG.exception("the loop %s failed; it begins again", name)
            await asyncio.sleep(_AGAIN_S)
        else:
            return
