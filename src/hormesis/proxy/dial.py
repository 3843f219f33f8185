"""Dial: connecting to an upstream, one address after the other, without a task where none waits."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from hormesis.proxy.wire_loop import WRITE, Poller

Found = tuple[int, tuple[Any, ...]]
"""An address family and an address of it."""

_CONNECTED = (0, errno.EISCONN)
_CONNECTING = (errno.EINPROGRESS, errno.EALREADY)


class Dial:
    """One attempt: it ends with *made* and a connected socket, or with *failed*, exactly once."""

    def __init__(
        self,
        upstream: tuple[str, int],
        poller: Poller,
        made: Callable[[socket.socket], None],
        failed: Callable[[], None],
    ) -> None:
        self._upstream = upstream
        self._poller = poller
        self._made = made
        self._failed = failed
        self._left: list[Found] = []
        self._socket: socket.socket | None = None
        self._resolving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a local upstream may be connected before this returns."""
        known = _numeric(self._upstream)
        if known is None:
            self._resolving = asyncio.get_running_loop().create_task(self._resolve())
        else:
            self._left = list(known)
            self._next()

    def cancel(self) -> None:
        """Give up, silently."""
        if self._resolving is not None:
            self._resolving.cancel()
        self._left.clear()
        self._give_up()

    async def _resolve(self) -> None:
        host, port = self._upstream
        with suppress(OSError):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
            self._left = [(family, address) for family, _, _, _, address in found]
        self._resolving = None
        self._next()

    def _next(self) -> None:
        """Try the addresses that are left until one connects or keeps us waiting."""
        while self._left:
            family, address = self._left.pop(0)
            try:
                self._socket = one = socket.socket(family, socket.SOCK_STREAM)
            except OSError:
                continue
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            outcome = one.connect_ex(address)
            if outcome == errno.EINPROGRESS:
                # On one machine the connection is there by now; asking again saves a wait.
                outcome = one.connect_ex(address)
            if outcome in _CONNECTED:
                self._hand_over(one)
                return
            if outcome in _CONNECTING:
                self._poller.watch(one.fileno(), WRITE, self._ready)
                return
            self._give_up()
        self._failed()

    def _ready(self, event: int) -> None:
        one = self._socket
        if one is None:
            return
        outcome = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if outcome:
            self._give_up()
            self._next()
        else:
            self._hand_over(one)

    def _hand_over(self, one: socket.socket) -> None:
        self._socket = None
        self._left.clear()
        self._made(one)

    def _give_up(self) -> None:
        one, self._socket = self._socket, None
        if one is not None:
            self._poller.watch(one.fileno(), 0, self._ready)
            one.close()


@lru_cache(maxsize=1024)
def _numeric(upstream: tuple[str, int]) -> tuple[Found, ...] | None:
    """Return where a numeric *upstream* is; None when its name must be asked for."""
    try:
        found = socket.getaddrinfo(
            *upstream, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        return None
    return tuple((family, address) for family, _, _, _, address in found)
