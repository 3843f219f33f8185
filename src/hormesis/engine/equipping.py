"""Equipping: the loads' clients are prepared before the tracks, and left after them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from hormesis.words.client import ClientKind
from hormesis.words.experiment import LoadTrack
from hormesis.words.trouble import InputTrouble

Note = Callable[[str, str, str], None]
"""Takes level, source and text."""


@asynccontextmanager
async def equipped(
    loads: Sequence[LoadTrack], *, given_up: Callable[[], bool], note: Note
) -> AsyncIterator[dict[str, ClientKind]]:
    """Have the clients of *loads* prepared and yield them by load, until the context is left.

    Raises:
        InputTrouble: a client cannot be prepared.
    """
    given: dict[str, Any] = {}
    clients: dict[str, ClientKind] = {}
    async with AsyncExitStack() as stack:
        for track in loads:
            if not given_up():
                prepared = track.client.prepared(given)
                clients[track.name] = await prepared.__aenter__()
                stack.push_async_exit(partial(_leave, note, prepared))
        yield clients


async def _leave(
    note: Note, prepared: AbstractAsyncContextManager[ClientKind], *raised: Any
) -> bool | None:
    """Leave *prepared*; what goes wrong in that makes the run unknown, but loses nothing."""
    try:
        return await prepared.__aexit__(*raised)
    except InputTrouble as trouble:
        if trouble is raised[1]:
            raise
        note("fatal", "load", str(trouble))
        return False
