"""Side by side: the same work through each way in turn, in short slices, and what it came to.

Other work on the machine disturbs all ways alike when their slices alternate; the ratio of two
neighbouring slices is then steadier than either figure. Ratios are told as median and spread.
A turn in which others kept the load or a proxy waiting for its core is measured again.
"""

from __future__ import annotations

import os
import socket
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.proxy.peers import Peer
from bench.proxy.quiet import TooBusyError, turn_of
from bench.proxy.wire_load import Address, Slice, Wire

Clients = list[socket.socket]

OURS = "hormesis"
THEIRS = "toxiproxy"
DIRECT = "direct"

SLEEPY_MAX = 10
"""So few connections let both cores sleep between messages. What waking takes counts as waiting,
so only the slice without a proxy, which never sleeps, tells whether the machine was quiet."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One measure of one way, per slice."""

    rates: tuple[float, ...]
    p50s_us: tuple[float, ...]
    cpu_us_per_unit: float
    """CPU microseconds of the proxy's process per round trip, megabyte or connection."""

    @property
    def rate(self) -> float:
        """Return the median rate per second."""
        return statistics.median(self.rates)

    @property
    def p50_us(self) -> float:
        """Return the median of the slices' median round trips."""
        return statistics.median(self.p50s_us)


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the quartiles around it."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def spread_of(values: Sequence[float]) -> Spread:
    """Return the median and quartiles of *values*, of which there are at least two."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def ratio(ours: Figures, theirs: Figures) -> Spread:
    """Return our rates over theirs, slice by slice."""
    return spread_of([mine / other for mine, other in zip(ours.rates, theirs.rates, strict=True)])


def added_us(way: Figures, direct: Figures) -> Spread:
    """Return what *way* adds to the median round trip, slice by slice."""
    pairs = zip(way.p50s_us, direct.p50s_us, strict=True)
    return spread_of([mine - bare for mine, bare in pairs])


@dataclass(frozen=True, slots=True)
class Bench:
    """How long is measured, and what counts as quiet."""

    turns: int
    """Quiet turns wanted; in a turn each way has one slice."""
    slice_s: float
    turns_min: int = 5
    """Quiet turns without which there is no figure."""
    patience_s: float = 40.0
    """Seconds in which they must be found, per measure."""
    waited_max: float = 0.05
    """The share of a quiet slice that the load or the proxy may have waited for its core."""


class SideBySide:
    """Alternates between *peers* and nothing in between."""

    def __init__(self, wire: Wire, peers: Sequence[Peer], bench: Bench) -> None:
        self._wire = wire
        self._bench = bench
        self._slice_s = bench.slice_s
        self._pids = {peer.name: peer.pid for peer in peers}
        self._ways: dict[str, Address] = {DIRECT: wire.address}
        self._ways |= {peer.name: peer.address for peer in peers}

    def round_trips(self, connections: int) -> Mapping[str, Figures]:
        """Measure small round trips per second over so many connections at once."""
        clients = {name: self._wire.connect(at, connections) for name, at in self._ways.items()}
        try:
            return self._alternate(
                {name: self._rounds_of(ones, connections) for name, ones in clients.items()},
                1,
                sleepy=connections <= SLEEPY_MAX,
            )
        finally:
            for ones in clients.values():
                self._wire.hang_up(ones)

    def bulk(self, connections: int) -> Mapping[str, Figures]:
        """Measure bytes per second in one direction over so many connections at once."""
        clients = {name: self._wire.connect(at, connections) for name, at in self._ways.items()}
        try:
            return self._alternate(
                {name: self._bulk_of(ones) for name, ones in clients.items()}, 1e6
            )
        finally:
            for ones in clients.values():
                self._wire.hang_up(ones)

    def set_ups(self) -> Mapping[str, Figures]:
        """Measure connections opened, used once and closed per second."""
        return self._alternate({name: self._opening(at) for name, at in self._ways.items()}, 1)

    def _rounds_of(self, clients: Clients, connections: int) -> Callable[[], Slice]:
        if connections == 1:
            return lambda: self._wire.latency(clients[0], self._slice_s)
        return lambda: self._wire.round_trips(clients, self._slice_s)

    def _bulk_of(self, clients: Clients) -> Callable[[], Slice]:
        return lambda: self._wire.bulk(clients, self._slice_s)

    def _opening(self, address: Address) -> Callable[[], Slice]:
        return lambda: self._wire.set_ups(address, self._slice_s)

    def _alternate(
        self, ways: Mapping[str, Callable[[], Slice]], unit: float, *, sleepy: bool = False
    ) -> Mapping[str, Figures]:
        turns: list[dict[str, tuple[Slice, float]]] = []
        for one in ways.values():
            one()  # The first slice of each warms caches and buffers up and is not counted.
        tried = 0
        ends = time.monotonic() + self._bench.patience_s
        while len(turns) < self._bench.turns and time.monotonic() < ends:
            order = list(ways) if tried % 2 == 0 else list(ways)[::-1]
            tried += 1
            turn = self._turn({name: ways[name] for name in order}, sleepy)
            if turn is not None:
                turns.append(turn)
        if len(turns) < self._bench.turns_min:
            raise TooBusyError(f"only {len(turns)} turns of {tried} were quiet")
        return {name: _figures([turn[name] for turn in turns], unit) for name in ways}

    def _turn(
        self, ways: Mapping[str, Callable[[], Slice]], sleepy: bool
    ) -> dict[str, tuple[Slice, float]] | None:
        """Return a slice of each way with its proxy's CPU seconds; None when one was disturbed."""
        turn = {}
        for name, measure in ways.items():
            pids = (os.getpid(), self._pids[name]) if name in self._pids else (os.getpid(),)
            before = [turn_of(pid) for pid in pids]
            seen = measure()
            used = [turn_of(pid).since(b) for pid, b in zip(pids, before, strict=True)]
            waited = max(one.waited for one in used)
            judged = name == DIRECT or not sleepy
            if judged and waited > self._bench.waited_max * seen.seconds:
                return None
            turn[name] = (seen, sum(one.ran for one in used[1:]))
        return turn


def _figures(slices: Sequence[tuple[Slice, float]], unit: float) -> Figures:
    count = sum(seen.count for seen, _ in slices) / unit
    return Figures(
        tuple(seen.rate for seen, _ in slices),
        tuple(seen.p50_us for seen, _ in slices),
        1e6 * sum(by_proxy for _, by_proxy in slices) / count,
    )
