"""Leases: toxics that stay for a stated time and are then removed by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hormesis.proxy.toxiproxy.proxies import Proxy
from hormesis.proxy.toxiproxy.toxic_entry import Lease, ToxicEntry


class Leases:
    """Asks *expire* to remove each toxic whose lease is over; *wall* gives the time of day."""

    def __init__(
        self, expire: Callable[[Proxy, str], Awaitable[None]], wall: Callable[[], float]
    ) -> None:
        self._expire = expire
        self._wall = wall
        self._timers: dict[tuple[Proxy, str], tuple[Lease, asyncio.TimerHandle]] = {}
        self._ending: set[asyncio.Future[None]] = set()

    def follow(self, proxy: Proxy, entry: ToxicEntry) -> None:
        """Keep to the lease of *entry*, or to none if it has none."""
        known = self._timers.get((proxy, entry.name))
        if known is not None and known[0] == entry.lease:
            return
        self.drop(proxy, entry.name)
        if entry.lease is not None:
            left = entry.lease.until - self._wall()
            loop = asyncio.get_running_loop()
            timer = loop.call_later(max(0.0, left), self._end, proxy, entry.name)
            self._timers[proxy, entry.name] = (entry.lease, timer)

    def drop(self, proxy: Proxy, name: str) -> None:
        """Keep to no lease of that toxic any more."""
        known = self._timers.pop((proxy, name), None)
        if known is not None:
            known[1].cancel()

    def over(self, proxy: Proxy, name: str) -> bool:
        """Return whether the toxic has a lease and it is over."""
        known = self._timers.get((proxy, name))
        now = asyncio.get_running_loop().time()
        return known is not None and known[1].when() <= now

    def close(self) -> None:
        """Keep to no lease any more."""
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _end(self, proxy: Proxy, name: str) -> None:
        ending = asyncio.ensure_future(self._expire(proxy, name))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
