"""Cluster crew: the workers of a crew that are on other machines, and their clocks.

Each machine's monotonic clock is compared with ours before the run, so that its worker counts from
the same moment, and once a second while it plays: what it drifts is taken out of its times, and
what stays uncertain is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import hormesis
from hormesis.engine.crew.clock_offset import ClockOffset, Reading
from hormesis.engine.crew.worker import Worker
from hormesis.host.dask_cluster import DaskCluster, DaskMember, WorkerGone
from hormesis.words.clock import Clock
from hormesis.words.history import Note
from hormesis.words.trouble import CapabilityTrouble

READINGS = 24
"""How often a clock is read before the run."""
READ_EVERY_S = 1.0
"""How often it is read while the loads are played."""
UNCERTAINTY_MAX_NS = 1_000_000
"""A clock that is less well known than this is told as a warning."""


class ClusterCrew:
    """The machines of one cluster, while one crew uses them."""

    def __init__(self, address: str, run: str, clock: Clock, note: Callable[[Note], None]) -> None:
        self._address = address
        self._run = run or "run"
        self._clock = clock
        self._note = note
        self._cluster: DaskCluster | None = None
        self._machines: list[str] = []
        self._offsets: list[ClockOffset] = []
        self._workers: dict[int, Worker] = {}
        self._reading: asyncio.Task[None] | None = None

    @property
    def _connected(self) -> DaskCluster:
        if self._cluster is None:
            raise RuntimeError("the cluster is not connected yet")
        return self._cluster

    async def connect(self) -> int:
        """Connect and compare clocks; return how many workers the cluster has.

        Raises:
            CapabilityTrouble: nobody answers, there are no workers, or one cannot run our code.
        """
        self._cluster = cluster = await DaskCluster.connect(self._address)
        self._machines = await cluster.workers()
        if not self._machines:
            raise CapabilityTrouble(
                f"the cluster at {self._address} has no workers",
                hint=f"start one on each machine: `dask worker {self._address} --nthreads 1`",
            )
        try:
            async with asyncio.TaskGroup() as group:
                reads = [group.create_task(self._compare(one)) for one in self._machines]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self._offsets = [read.result() for read in reads]
        return len(self._machines)

    async def _compare(self, machine: str) -> ClockOffset:
        try:
            offset = ClockOffset(Reading.of(*await self._connected.clock_reading(machine)))
            for _ in range(READINGS - 1):
                offset.add(Reading.of(*await self._connected.clock_reading(machine)))
        except WorkerGone as error:
            raise CapabilityTrouble(
                f"the cluster's worker {machine} cannot be used: {error}",
                hint=f"hormesis[cluster] {hormesis.__version__} must be installed there too",
            ) from error
        offset.agree()
        return offset

    def offset_ns(self, index: int) -> int:
        """Return how far the clock of worker *index* is ahead of ours."""
        return self._offsets[index].agreed.offset_ns

    def place(self, index: int, worker: Worker) -> None:
        """Tell *worker* which machine it is on and how its clock drifts."""
        worker.where = self._machines[index]
        self._workers[index] = worker
        offset = self._offsets[index]
        worker.shift_us = lambda: -round(offset.drift_ns / 1000)

    async def start(self, worker: Worker, module: str, said: Callable[[str], None]) -> DaskMember:
        """Start the process of *worker* on its machine.

        Raises:
            WorkerGone: it cannot be started.
        """
        key = f"{self._run}/{worker.name}"
        line = await DaskMember.start(self._connected, worker.where, key, module, said)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_on())
        return line

    async def _read_on(self) -> None:
        """Go on comparing clocks; a machine that does not answer must not hold up the others."""
        asking: dict[int, asyncio.Task[None]] = {}
        while True:
            await self._clock.sleep_until(self._clock.now() + READ_EVERY_S)
            for index, worker in self._workers.items():
                before = asking.get(index)
                if not worker.over.is_set() and (before is None or before.done()):
                    asking[index] = asyncio.create_task(self._read(index))

    async def _read(self, index: int) -> None:
        try:
            reading = await self._connected.clock_reading(self._machines[index])
        except WorkerGone:
            return  # Whoever listens to the worker is told as well, and tells it.
        self._offsets[index].add(Reading.of(*reading))

    def tell_clocks(self) -> None:
        """Write down how the clocks were and how well that is known."""
        for index, worker in self._workers.items():
            offset = self._offsets[index]
            agreed, drift = offset.agreed, offset.drift_ns
            ahead_s, unsure_ms = agreed.offset_ns / 1e9, agreed.uncertainty_ns / 1e6
            text = (
                f"the clock of {worker.full_name} is {ahead_s:+.6f} s from ours, "
                f"± {unsure_ms:.2f} ms"
            )
            if drift:
                text += f"; it drifted by {drift / 1e6:+.2f} ms, which is taken out"
            level = "info"
            if agreed.uncertainty_ns > UNCERTAINTY_MAX_NS:
                level = "warning"
                budget_ms = UNCERTAINTY_MAX_NS / 1e6
                text += (
                    f": more than {budget_ms:g} ms, so moments of different workers cannot be "
                    "compared that finely"
                )
            self._note(Note(self._clock.now(), level, "clock", text))

    async def close(self) -> None:
        """Leave the cluster."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._cluster is not None:
            cluster, self._cluster = self._cluster, None
            await cluster.close()
