"""Reach: which addresses of a system answer, seen by one connection to each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

from hormesis.host.process import stat_of

REACH_S = 1.0
"""How long an address may take to answer."""


async def unanswered(addresses: Sequence[str], timeout_s: float = REACH_S) -> dict[str, str]:
    """Return why those of *addresses* that do not answer do not: one connection to each."""
    told = await asyncio.gather(*(_reached(one, timeout_s) for one in addresses))
    return {one: why for one, why in zip(addresses, told, strict=True) if why}


async def _reached(address: str, timeout_s: float) -> str:
    head, _, rest = address.rpartition(":")
    if head == "pid":
        return "" if stat_of(int(rest)) else "there is no such process"
    if not rest.isdecimal():
        return ""  # A container: it was found running when the scenario was read.
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(head.strip("[]"), int(rest))
    except TimeoutError:
        return f"no answer within {timeout_s:g} s"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return ""
