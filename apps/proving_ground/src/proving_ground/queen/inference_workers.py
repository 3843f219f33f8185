"""Which workers the queen may send inference to, as the hive last said."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from proving_ground.queen.inference_canaries import (
    HALF_REGISTERED_GIVEN_WORK,
    HIVE_ASKED_WITHOUT_PAUSE,
    WORKERS_ASKED_FOR_ONCE,
    WORKERS_FORGOTTEN_WHEN_REFUSED,
)
from proving_ground.queen.inference_wire import Wire, WireLost

_LOG = logging.getLogger(__name__)
_TIMEOUT_S = 1.0
_BACKOFF_MOST_S = 2.0
_WITHOUT_PAUSE_S = 0.05
_PENALTY_S = 1.0


@dataclass(slots=True)
class KnownWorker:
    """A worker that takes requests; ``shunned_until_s`` follows a failure of its."""

    name: str
    host: str
    port: int
    in_flight: int = 0
    chosen: int = 0
    shunned_until_s: float = 0.0


class KnownWorkers:
    """Keeps the list fresh; while the hive is out of reach, the last list is used."""

    def __init__(
        self,
        wire: Wire,
        hive_url: str,
        *,
        every_s: float,
        canaries: frozenset[str],
        draws: random.Random,
    ) -> None:
        parts = urlsplit(hive_url)
        self._address = parts.hostname or "127.0.0.1", parts.port or 80
        self._wire = wire
        self._every_s = every_s
        self._canaries = canaries
        self._random = draws
        self._workers: dict[str, KnownWorker] = {}
        self._answered_at_s: float | None = None
        self._chosen = 0
        self.asked = 0
        self.reachable = False

    def __len__(self) -> int:
        return len(self._workers)

    def age_s(self, now_s: float) -> float:
        """Return how old the list is, in seconds; -1 while there has never been one."""
        return -1.0 if self._answered_at_s is None else now_s - self._answered_at_s

    async def run(self) -> None:
        """Ask the hive again and again, less often while it does not answer, until cancelled."""
        pause_s = self._every_s
        while True:
            try:
                await self.ask()
                pause_s = self._every_s
            except (WireLost, TimeoutError, ValueError, KeyError, TypeError) as error:
                if self.reachable:
                    _LOG.warning("the hive does not answer: %s: %s", type(error).__name__, error)
                self.reachable = False
                pause_s = min(_BACKOFF_MOST_S, pause_s * 2)
                if HIVE_ASKED_WITHOUT_PAUSE in self._canaries:
                    pause_s = _WITHOUT_PAUSE_S
            await asyncio.sleep(pause_s * self._random.uniform(0.75, 1.0))

    def choose(self, tried: Collection[str], now_s: float) -> KnownWorker | None:
        """Return the worker with the least in flight, rather one not shunned; None: there is none.

        Those *tried* already come last: a second try at the same one is better than none.
        """
        if not self._workers:
            return None
        best = min(
            self._workers.values(),
            key=lambda one: (
                one.name in tried,
                one.shunned_until_s > now_s,
                one.in_flight,
                one.chosen,
            ),
        )
        self._chosen += 1
        best.chosen = self._chosen
        return best

    def failed(self, worker: KnownWorker, now_s: float) -> None:
        """Send nothing more to a worker for a moment, if others can be had."""
        worker.shunned_until_s = now_s + _PENALTY_S
        self._wire.forget(worker.host, worker.port)

    async def ask(self) -> None:
        """Ask the hive once; raises ``WireLost`` and whatever else a bad answer can cause."""
        if WORKERS_ASKED_FOR_ONCE in self._canaries and len(self._workers) > 1:
            return
        self.asked += 1
        async with asyncio.timeout(_TIMEOUT_S):
            status, body = await self._wire.ask("GET", *self._address, "/workers")
        if status != 200:
            if WORKERS_FORGOTTEN_WHEN_REFUSED in self._canaries:
                self._workers.clear()
            raise WireLost(f"the hive answers {status}")
        states = ["ready"]
        if HALF_REGISTERED_GIVEN_WORK in self._canaries:
            states.append("announced")
        every = [_worker_of(one, states) for one in json.loads(body)["workers"]]
        told = {one.name: one for one in every if one is not None}
        for name in self._workers.keys() - told.keys():
            gone = self._workers.pop(name)
            self._wire.forget(gone.host, gone.port)
        for name, one in told.items():
            known = self._workers.get(name)
            if known is None or (known.host, known.port) != (one.host, one.port):
                self._workers[name] = one  # a hive that began again gives its names anew
        self._answered_at_s = asyncio.get_running_loop().time()
        self.reachable = True


def _worker_of(told: Mapping[str, Any], states: Collection[str]) -> KnownWorker | None:
    """Return the worker when it is in one of the *states* in which it is given work."""
    if told["state"] not in states or not told["url"]:
        return None
    parts = urlsplit(told["url"])
    return KnownWorker(str(told["name"]), parts.hostname or "127.0.0.1", parts.port or 80)
