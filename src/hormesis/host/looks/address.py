"""Look at an address: connect over TCP and hang up."""

from __future__ import annotations

import asyncio

from hormesis.host.connect_result import failed_how
from hormesis.words.look import AddressLook, Reading

TIMEOUT_S = 1.0


async def read_address(look: AddressLook, *, timeout_s: float = TIMEOUT_S) -> Reading:
    """Return how a connect to ``host:port`` ends, and its milliseconds when it succeeds."""
    host, _, port = look.address.rpartition(":")
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError as error:
        return {"connect": failed_how(error)}
    took_ms = 1000 * (loop.time() - began)
    writer.transport.abort()
    return {"connect": "ok", "connect_ms": took_ms}
