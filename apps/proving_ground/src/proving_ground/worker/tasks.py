"""A worker's life with the queue: claim, work, renew, end; and leave in order."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import LiteralString

from proving_ground.database import Database
from proving_ground.database_reach import DatabaseReach
from proving_ground.queen.leases import Leases
from proving_ground.queen.schema import SCHEMA
from proving_ground.supervised import supervised
from proving_ground.worker.canaries import (
    ACK_BEFORE_WORK,
    GIVEN_UP_AFTER_OUTAGE,
    LEASE_NOT_RENEWED,
    RETURNING_WORKER_IDLE,
    WORK_DROPPED_ON_STOP,
    WORKER_LEAKS,
)
from proving_ground.worker.claims import Claimed, Claims
from proving_ground.worker.metrics import WorkerMetrics
from proving_ground.worker.settings import WorkerSettings
from proving_ground.worker.work import WorkFailed, work

_LOG = logging.getLogger(__name__)
_BEATS_PER_LEASE = 4
_RETRY_FIRST_S = 0.1
_RETRY_MOST_S = 1.0
_GIVEN_UP = 5
_LEAK_BYTES = 2 * 1024 * 1024
_KNOWN: LiteralString = "SELECT name FROM workers WHERE name = %(name)s::text"


class TaskService:
    """Takes tasks from the database, as many at once as the settings allow."""

    def __init__(
        self, settings: WorkerSettings, database: Database, metrics: WorkerMetrics
    ) -> None:
        self._settings = settings
        self._database = database
        self._metrics = metrics
        self._claims = Claims(settings, database)
        self._leases = Leases(database, settings.lease_s, settings.canaries)
        self._in_hand: dict[str, tuple[Claimed, asyncio.Task[None]]] = {}
        self._ended = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None
        self._draining = False
        self._idle = False
        self._kept: list[bytearray] = []
        self._given_up = 0
        self._reach = DatabaseReach("the queue")

    async def run(self) -> None:
        """Go on until cancelled; the database may come and go."""
        while not await self._reach.attempt(lambda: self._database.fetch(SCHEMA)):
            await asyncio.sleep(self._settings.poll_s)
        if RETURNING_WORKER_IDLE in self._settings.canaries:
            self._idle = bool(await self._database.fetch(_KNOWN, {"name": self._settings.name}))
        await self._beat()  # known before it works: who dies at its first task is seen to be dead
        self._beating = asyncio.create_task(supervised("beats", self._beats), name="beats")
        try:
            while True:
                await self._turn()
        finally:
            self._beating.cancel()

    async def drain(self, *, alone: bool) -> None:
        """Claim nothing new, finish within the grace, hand back what is left, and say goodbye.

        It is all the same whether it goes *alone*: nobody routes tasks.
        """
        self._draining = True
        if WORK_DROPPED_ON_STOP in self._settings.canaries:
            return
        async with self._claiming:  # what is being claimed at this moment is in hand afterwards
            running = [task for _, task in self._in_hand.values()]
        if running:
            await asyncio.wait(running, timeout=self._settings.grace_s)
        await asyncio.gather(
            *(self._hand_back(claimed, task) for claimed, task in list(self._in_hand.values()))
        )
        if self._beating is not None:  # a last beat would take the goodbye back
            self._beating.cancel()
            await asyncio.wait([self._beating])
        await self._reach.attempt(lambda: self._claims.beat("stopped", ()))

    async def _hand_back(self, claimed: Claimed, task: asyncio.Task[None]) -> None:
        task.cancel()
        await self._reach.attempt(functools.partial(self._claims.hand_back, claimed))

    async def _turn(self) -> None:
        """Claim one task if there is a free hand, otherwise wait until there is."""
        self._ended.clear()
        if self._draining or self._idle or len(self._in_hand) >= self._settings.concurrency:
            await self._ended.wait()
            return
        found: list[Claimed] = []

        async def claim() -> None:
            claimed = await self._claims.claim()
            if claimed is not None:
                found.append(claimed)

        async with self._claiming:
            if not await self._reach.attempt(claim):
                self._given_up = _GIVEN_UP
            for claimed in found:
                task = asyncio.create_task(self._execute(claimed), name=f"task {claimed.id}")
                self._in_hand[claimed.id] = (claimed, task)
                self._metrics.running.set(len(self._in_hand))
        if not found:
            await asyncio.sleep(self._settings.poll_s)

    async def _execute(self, claimed: Claimed) -> None:
        outcome = "dropped"
        try:
            outcome = await self._work(claimed)
        finally:
            held = self._in_hand.get(claimed.id)
            if held is not None and held[0] is claimed:
                del self._in_hand[claimed.id]
            self._metrics.running.set(len(self._in_hand))
            self._metrics.executions.labels(claimed.type, outcome).inc()
            self._ended.set()

    async def _work(self, claimed: Claimed) -> str:
        if WORKER_LEAKS in self._settings.canaries:
            self._kept.append(bytearray(b"\1" * _LEAK_BYTES))
        if GIVEN_UP_AFTER_OUTAGE in self._settings.canaries and self._given_up:
            self._given_up -= 1
            lost = "the database was out of reach"
            await self._until_written(lambda: self._claims.give_up(claimed, lost))
            return "failed"
        if ACK_BEFORE_WORK in self._settings.canaries and claimed.type == "delay":
            expected = {"slept_s": float(claimed.payload["seconds"])}
            await self._until_written(lambda: self._claims.complete(claimed, expected))
            await work(self._settings, claimed)
            return "completed"
        try:
            result = await work(self._settings, claimed)
        except (WorkFailed, MemoryError) as error:
            reason = str(error) or "out of memory"
            await self._until_written(lambda: self._claims.fail(claimed, reason))
            return "failed"
        except Exception as error:  # noqa: BLE001 - a mistake of ours fails the task, logged
            _LOG.exception("task %s failed", claimed.id)
            reason = f"{type(error).__name__}: {error}"
            await self._until_written(lambda: self._claims.fail(claimed, reason))
            return "failed"
        await self._until_written(lambda: self._claims.complete(claimed, result))
        return "completed"

    async def _until_written(self, write: Callable[[], Awaitable[bool]]) -> None:
        """Write the end of an execution, however long the database is away."""
        pause_s = _RETRY_FIRST_S
        while not await self._reach.attempt(write):
            await asyncio.sleep(pause_s)
            pause_s = min(_RETRY_MOST_S, pause_s * 2)

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_s / _BEATS_PER_LEASE)
            await self._beat()

    async def _beat(self) -> None:
        """Renew the leases, let go of what another worker has by now, and look after the dead."""
        asked = dict(self._in_hand)
        kept: set[str] = set()

        async def beat() -> None:
            state = "draining" if self._draining else "ready"
            kept.update(await self._claims.beat(state, asked))
            await self._leases.take_back()

        if not await self._reach.attempt(beat):
            self._leases.lost_sight()
            return
        if {LEASE_NOT_RENEWED, ACK_BEFORE_WORK} & self._settings.canaries:
            return
        for task_id, (claimed, task) in asked.items():
            if task_id not in kept and self._in_hand.get(task_id) == (claimed, task):
                _LOG.warning("task %s is not ours any more", task_id)
                task.cancel()
