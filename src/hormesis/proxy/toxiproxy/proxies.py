"""Proxies: the links this server keeps, with the rules of when they start, stop and change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hormesis.proxy.config import LinkConfig
from hormesis.proxy.link import Dose, Link
from hormesis.proxy.toxiproxy.api_error import ApiError, proxy_exists, proxy_not_found
from hormesis.proxy.toxiproxy.go_address import NOWHERE, AddressError, dialled, resolved
from hormesis.proxy.toxiproxy.toxic_entry import ToxicEntry
from hormesis.words.shaper import Stream

_SHOWN_ORDER = (Stream.UPSTREAM, Stream.DOWNSTREAM, Stream.BOTH)


class Proxy:
    """One proxy; *listen* is what was asked for until it has started, then what that became."""

    def __init__(
        self, name: str, listen: str, upstream: str, seed: int, leaves: Callable[[Proxy], None]
    ) -> None:
        self._leaves = leaves
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.enabled = False
        self.toxics: dict[str, ToxicEntry] = {}
        self.link = Link(LinkConfig(name, NOWHERE, dialled(upstream)), seed)
        # Toxiproxy's clients see an end of stream when the upstream is not there.
        self.link.refusal_resets = False

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            ApiError: the address cannot be listened on; the text is Go's.
        """
        try:
            address = await resolved(self.listen)
        except AddressError as trouble:
            raise ApiError(f"listen tcp: {trouble}", 500) from trouble
        self.link.rewire(address, dialled(self.upstream))
        try:
            await self.link.open()
        except OSError as trouble:
            number = trouble.__cause__.errno if isinstance(trouble.__cause__, OSError) else None
            why = os.strerror(number) if number else str(trouble)
            why = why[:1].lower() + why[1:]
            raise ApiError(f"listen tcp {address}: bind: {why}", 500) from trouble
        self.listen = self.link.listen
        self.enabled = True

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self.enabled = False
        self.link.close()

    async def differs(self, listen: str, upstream: str) -> bool:
        """Return whether serving these addresses is not what it does.

        Raises:
            ApiError: *listen* is no address.
        """
        try:
            return await resolved(listen) != self.listen or upstream != self.upstream
        except AddressError as trouble:
            raise ApiError(str(trouble), 500) from trouble

    async def update(self, listen: str, upstream: str, enabled: bool) -> None:
        """Serve these addresses or none; connections live on when nothing changes.

        Raises:
            ApiError: the address cannot be listened on; the proxy is disabled then.
        """
        if await self.differs(listen, upstream):
            self.stop()
            self._leaves(self)
            self.listen, self.upstream = listen, upstream
        if enabled and not self.enabled:
            await self.start()
        elif not enabled:
            self.stop()

    async def add(self, entry: ToxicEntry) -> None:
        """Put a toxic on it, live connections included."""
        self.toxics[entry.name] = entry
        await self.link.add(_dose_of(entry))

    def change(self, entry: ToxicEntry) -> None:
        """Let the toxic of that name be *entry* now, live connections included."""
        self.toxics[entry.name] = entry
        self.link.change(_dose_of(entry))

    async def remove(self, name: str) -> ToxicEntry:
        """Take the toxic *name* away, which must be there, and return it."""
        await self.link.remove(name)
        return self.toxics.pop(name)

    def shown_toxics(self) -> list[dict[str, Any]]:
        """Return the toxics as answers show them: upstream ones first, each as they came."""
        return [
            entry.description()
            for direction in _SHOWN_ORDER
            for entry in self.toxics.values()
            if entry.direction is direction
        ]

    def description(self) -> dict[str, Any]:
        """Return the proxy as answers show it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            # Every server since 2.5 sends this by accident.
            "Logger": {},
            "toxics": self.shown_toxics(),
        }


def _dose_of(entry: ToxicEntry) -> Dose:
    return Dose(entry.name, entry.made.toxic, float(entry.toxicity), entry.made.for_live)


class Proxies:
    """All proxies by name; *leaves* is told of each one that leaves its addresses."""

    def __init__(self, seed: int, leaves: Callable[[Proxy], None]) -> None:
        self._seed = seed
        self._leaves = leaves
        self._proxies: dict[str, Proxy] = {}

    def __iter__(self) -> Iterator[Proxy]:
        return iter(self._proxies.values())

    def get(self, name: str) -> Proxy:
        """Return the proxy *name*.

        Raises:
            ApiError: there is none.
        """
        if name not in self._proxies:
            raise proxy_not_found()
        return self._proxies[name]

    async def create(
        self,
        name: str,
        listen: str,
        upstream: str,
        *,
        enabled: bool,
        toxics: Iterable[ToxicEntry] = (),
    ) -> Proxy:
        """Add a proxy, with toxics that its first connection meets already.

        Raises:
            ApiError: there is one of that name, or it cannot listen.
        """
        if name in self._proxies:
            raise proxy_exists()
        proxy = Proxy(name, listen, upstream, self._seed, self._leaves)
        for entry in toxics:
            await proxy.add(entry)
        if enabled:
            await proxy.start()
        self._proxies[name] = proxy
        return proxy

    async def create_or_replace(
        self, name: str, listen: str, upstream: str, *, enabled: bool
    ) -> tuple[Proxy, bool]:
        """Return the proxy of that name as it is, or a new one, and whether it is new.

        A proxy with the same addresses stays as it is, whether it is enabled or not.

        Raises:
            ApiError: it cannot listen; a former one of that name is disabled then.
        """
        former = self._proxies.get(name)
        if former is not None:
            if not await former.differs(listen, upstream):
                return former, False
            former.stop()
        proxy = Proxy(name, listen, upstream, self._seed, self._leaves)
        if enabled:
            await proxy.start()
        if former is not None:
            self._leaves(former)
        self._proxies[name] = proxy
        return proxy, True

    def delete(self, name: str) -> Proxy:
        """Stop the proxy *name*, forget it and return it.

        Raises:
            ApiError: there is none.
        """
        proxy = self.get(name)
        proxy.stop()
        del self._proxies[name]
        self._leaves(proxy)
        return proxy

    def close(self) -> None:
        """Stop all of them."""
        for proxy in self:
            proxy.stop()
