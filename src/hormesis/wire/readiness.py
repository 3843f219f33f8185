"""Waiting for a socket that is not watched by a wire: while it is opened, or streamed from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def until_readable(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    """Return when *fd* can be read from."""
    await _ready(loop, fd, loop.add_reader, loop.remove_reader)


async def until_writable(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    """Return when *fd* can be written to."""
    await _ready(loop, fd, loop.add_writer, loop.remove_writer)


async def _ready(
    loop: asyncio.AbstractEventLoop,
    fd: int,
    add: Callable[..., Any],
    remove: Callable[[int], Any],
) -> None:
    ready: asyncio.Future[None] = loop.create_future()
    add(fd, _resolve, ready)
    try:
        await ready
    finally:
        remove(fd)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
