"""Member relay: what runs inside a cluster's worker, between the engine and the member there.

The cluster calls these functions in its worker's event loop. The member is a process of its own: a
worker's own threads and tasks must not disturb what is measured. An engine that no longer asks is
dead or cut off; its members end then.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from contextlib import suppress
from typing import Any

import hormesis
from hormesis.host.member_process import MemberProcess

LEASE_S = 15.0
"""A member that nobody asks for so long is ended."""
_KEPT_BYTES_MAX = 1 << 26
"""What the engine has not fetched; beyond it the member is not read any more."""


class Relay:
    """One member on this machine."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.member: MemberProcess | None = None
        self._data = bytearray()
        self._said = ""
        self._ended = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._lease: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self, module: str) -> None:
        """Start the member.

        Raises:
            OSError: it cannot be started.
        """
        self.renew()
        self.member = await MemberProcess.start(module, self._hear)
        self._reading = asyncio.create_task(self._read(self.member))

    def renew(self) -> None:
        """Begin the lease anew."""
        if self._lease is not None:
            self._lease.cancel()
        self._lease = asyncio.get_running_loop().call_later(LEASE_S, self._forsaken)

    async def take(self, wait_s: float) -> tuple[bytes, str, bool]:
        """Return what came since, what was printed, and whether that is all there will be."""
        if not (self._data or self._said or self._ended):
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
        taken = bytes(self._data), self._said, self._ended
        self._data.clear()
        self._said = ""
        self._taken.set()
        return taken

    async def close(self) -> None:
        """End the member, if it still runs."""
        if self._lease is not None:
            self._lease.cancel()
        if self._reading is not None:
            self._reading.cancel()
        if self.member is not None:
            await self.member.close()

    async def _read(self, member: MemberProcess) -> None:
        while data := await member.receive():
            self._data += data
            self._changed.set()
            while len(self._data) > _KEPT_BYTES_MAX:
                self._taken.clear()
                await self._taken.wait()
        self._ended = True
        self._changed.set()

    def _hear(self, text: str) -> None:
        self._said += text
        self._changed.set()

    def _forsaken(self) -> None:
        _RELAYS.pop(self.key, None)
        self._closing = asyncio.create_task(self.close())


_RELAYS: dict[str, Relay] = {}


async def clock_ns() -> int:
    """Return this machine's CLOCK_MONOTONIC, in nanoseconds."""
    return time.monotonic_ns()


async def start_member(key: str, module: str) -> dict[str, Any]:
    """Start ``python -m module`` under the name *key*; return what is known of the machine.

    Raises:
        OSError: it cannot be started.
    """
    relay = _RELAYS[key] = Relay(key)
    await relay.start(module)
    return {
        "version": hormesis.__version__,
        "python": platform.python_version(),
        "machine": platform.node(),
        "executable": sys.executable,
        "pid": relay.member.pid if relay.member is not None else os.getpid(),
    }


async def push(key: str, data: bytes) -> None:
    """Hand bytes to the member.

    Raises:
        KeyError: there is none of that name, any more.
    """
    relay = _RELAYS[key]
    relay.renew()
    if relay.member is not None:
        relay.member.send(data)


async def pull(key: str, wait_s: float) -> tuple[bytes, str, bool]:
    """Return bytes of the member, text that it printed, and whether it has sent its last.

    Waits up to *wait_s* seconds for anything at all.

    Raises:
        KeyError: there is none of that name, any more.
    """
    relay = _RELAYS[key]
    relay.renew()
    return await relay.take(wait_s)


async def how_ended(key: str, within_s: float) -> str:
    """Return how the member ended, in words; one that does not end in time is killed.

    Raises:
        KeyError: there is none of that name, any more.
    """
    relay = _RELAYS[key]
    return "" if relay.member is None else await relay.member.ended(within_s)


async def close_member(key: str) -> None:
    """End the member and forget it; harmless when there is none."""
    relay = _RELAYS.pop(key, None)
    if relay is not None:
        await relay.close()
