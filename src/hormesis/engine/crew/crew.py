"""The crew: plays all loads of a run, in this process, in worker processes, or on a cluster.

Big loads are played by worker processes, each its share of each load, on one clock. What workers
measure streams to the engine, which alone writes. A worker that dies takes its share with it: the
others go on, and the load's record tells what was lost.

Its life: ``hire`` (how many workers there will be; here, their processes begin to start), ``ready``
(they wait for their start), ``play``, ``close``. ``close`` belongs into a ``finally``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import hormesis
from hormesis.engine.clock import LoopClock
from hormesis.engine.crew.cluster_crew import ClusterCrew
from hormesis.engine.crew.deployment import Deployment, deployed
from hormesis.engine.crew.merging import merged
from hormesis.engine.crew.messages import Configure
from hormesis.engine.crew.recruits import MEMBER, Recruits
from hormesis.engine.crew.worker import Output, Worker
from hormesis.engine.loading.alarm import time_is_real
from hormesis.engine.loading.player import Player
from hormesis.host.dask_cluster import WorkerGone
from hormesis.wire.core import Meter
from hormesis.words.client import ClientKind
from hormesis.words.crew_size import processes_for, workers_for
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord, Note
from hormesis.words.trouble import CapabilityTrouble, InputTrouble

READY_S = 60.0
"""How long workers may take to start."""
LOOK_S = 0.25
"""How often workers are looked after."""
RECORD_S = 1.0
"""How often the record of a load that runs is written."""
LATE_S = 0.5
"""An engine that itself was late by so much cannot say that a worker was silent."""


class CrewWriter(Protocol):
    """What of the history's writer a crew needs."""

    def shard(self, index: int) -> Output:
        """Return where the process of that number writes; 0 is the engine's own."""
        ...

    def load(self, record: LoadRecord) -> None:
        """Record a load as it stands now."""
        ...

    def note(self, note: Note) -> None:
        """Record a note."""
        ...


class Crew:
    """Plays *tracks*, which are load tracks, once.

    Args:
        tracks: every load of the run.
        seed: the run's seed.
        clock: the run's clock.
        zero_ns: CLOCK_MONOTONIC at the run's start, in nanoseconds.
        writer: what records; see :class:`CrewWriter`.
        processes: how many processes the command line asks for; 0 leaves it to the loads. On a
            cluster every worker is used.
        cores: how many processes are worth while here; None: as many as there are cores.
        cluster: the address of a cluster's scheduler, or nothing.
        run: the run's id.
        unmade: called at once with why a client could not even be made.
        said: gets what scripts in workers print.
        meter_of: makes this process's meter from its first number and step.
    """

    def __init__(
        self,
        tracks: Sequence[LoadTrack],
        *,
        seed: int,
        clock: LoopClock,
        zero_ns: int,
        writer: CrewWriter,
        processes: int = 0,
        cores: int | None = None,
        cluster: str = "",
        run: str = "",
        unmade: Callable[[str], None] = lambda text: None,
        said: Callable[[str], None] | None = None,
        meter_of: Callable[[int, int], Meter] | None = None,
    ) -> None:
        self._tracks = tracks
        self._seed = seed
        self._clock = clock
        self._zero_ns = zero_ns
        self._writer = writer
        self._processes = processes
        self._cores = cores or len(os.sched_getaffinity(0))
        self._cluster = ClusterCrew(cluster, run, clock, writer.note) if cluster else None
        self._tell_unmade = unmade
        self._said = said or _to_stderr
        self._recruits = Recruits(self._said)
        self._meter_of = meter_of or self._own_meter
        self._meter: Meter | None = None
        self._deployment = Deployment((), ())
        self._player: Player | None = None
        self._workers: list[Worker] = []
        self._written: dict[str, LoadRecord] = {}
        self._stopped = False
        self._unmade_told = False

    async def hire(self) -> None:
        """Find out how many processes there will be; :attr:`shards` and :attr:`meter` are known.

        Processes of this machine begin to start, which takes as long as a small system's start.

        Raises:
            CapabilityTrouble: the cluster does not answer, or has no workers.
        """
        machines = await self._cluster.connect() if self._cluster is not None else 0
        counts = (
            workers_for(self._tracks, machines)
            if machines
            else processes_for(self._tracks, asked=self._processes, cores=self._cores)
        )
        self._deployment = deployed(self._tracks, counts, machines=machines)
        self._meter = self._meter_of(1, self.shards)
        if self._cluster is None:
            self._recruits.call(len(self._deployment.shares))

    def _own_meter(self, first: int, step: int) -> Meter:
        if time_is_real():
            return Meter(zero_ns=self._zero_ns, first=first, step=step)
        return Meter(now_ns=self._clock.now_ns, first=first, step=step)

    @property
    def shards(self) -> int:
        """How many processes record operations, this one and every worker."""
        return self._deployment.shards

    @property
    def meter(self) -> Meter:
        """This process's meter, also for what the engine itself does."""
        if self._meter is None:
            raise RuntimeError("the crew is not hired yet")
        return self._meter

    @property
    def lead_s(self) -> float:
        """How long before the tracks begin the workers must be told when that is."""
        if not self._deployment.shares:
            return 0.0
        return 0.5 if self._cluster is not None else 0.1

    def equip(self, clients: Mapping[str, ClientKind]) -> None:
        """Let loads, by name, be played by other clients; before :meth:`ready`."""
        self._deployment = self._deployment.with_clients(clients)

    async def ready(self) -> None:
        """Give the workers their orders; return when all of them wait for their start.

        Raises:
            CapabilityTrouble: one did not start, and why.
            InputTrouble: a load cannot be sent to another process.
        """
        own = self._deployment.own
        if own:
            self._player = Player(
                own, part=0, parts=1, seed=self._seed, clock=self._clock, meter=self.meter,
                output=self._writer.shard(0),
            )  # fmt: skip
        count = len(self._deployment.shares)
        self._workers = [self._worker(index, count) for index in range(count)]
        try:
            async with asyncio.TaskGroup() as group:
                starts = [group.create_task(self._start(one)) for one in self._workers]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        failed = [start.result() for start in starts if start.result()]
        if failed:
            raise CapabilityTrouble("; ".join(failed))

    def _worker(self, index: int, count: int) -> Worker:
        zero_ns = self._zero_ns
        if self._cluster is not None:
            zero_ns += self._cluster.offset_ns(index)
        configure = Configure(
            shares=self._deployment.shares[index],
            seed=self._seed,
            zero_ns=zero_ns,
            wall=self._clock.wall() - self._clock.now(),
            first=index + 2,
            step=self.shards,
            version=hormesis.__version__,
        )
        worker = Worker(
            index + 1, count, configure, clock=self._clock, output=self._writer.shard(index + 1)
        )
        if self._cluster is not None:
            self._cluster.place(index, worker)
        return worker

    async def _start(self, worker: Worker) -> str:
        """Start one worker; return why it cannot be, or nothing."""
        try:
            line = (
                await self._recruits.one()
                if self._cluster is None
                else await self._cluster.start(worker, MEMBER, self._said)
            )
        except (OSError, WorkerGone) as error:
            return f"{worker.full_name} cannot be started: {error}"
        try:
            worker.takes(line)
        except Exception as error:
            await line.close()
            names = ", ".join(track.name for track, _ in worker.loads())
            raise InputTrouble(
                f"load {names} cannot be sent to another process: {error}",
                hint="play it in one, with `processes: 1`",
            ) from error
        return await worker.started(READY_S)

    async def play(self, began: float) -> None:
        """Play every load; the tracks begin at *began*, in seconds of the run.

        Cancelled, it ends everything at once.
        """
        watching = asyncio.create_task(self._watch())
        try:
            for worker in self._workers:
                if not self._stopped:
                    worker.begin(began)
            async with asyncio.TaskGroup() as group:
                if self._player is not None and not self._stopped:
                    group.create_task(self._player.play(began))
                for worker in self._workers:
                    group.create_task(worker.play())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            watching.cancel()
            for worker in self._workers:
                worker.give_up("it was cut off")
            self._look(final=True)
            if self._cluster is not None:
                self._cluster.tell_clocks()

    async def _watch(self) -> None:
        due = self._clock.now()
        while True:
            due += LOOK_S
            await self._clock.sleep_until(due)
            late = self._clock.now() - due
            if late > LATE_S:
                due = self._clock.now()
                continue
            self._look(final=False)

    def _look(self, *, final: bool) -> None:
        for worker in self._workers:
            worker.look()
        self._write_records(final=final)
        if self.unmade and not self._unmade_told:
            self._unmade_told = True
            self._tell_unmade(self.unmade)

    def _write_records(self, *, final: bool) -> None:
        """Write what has changed: at once when something was lost or has ended."""
        for record in self._merged_records():
            before = self._written.get(record.load)
            urgent = (
                final
                or before is None
                or (before.ended, before.lost, before.trouble)
                != (record.ended, record.lost, record.trouble)
            )
            if record != before and (urgent or self._clock.now() % RECORD_S < LOOK_S):
                self._written[record.load] = record
                self._writer.load(record)

    def _merged_records(self) -> list[LoadRecord]:
        """Return the records of the loads that workers play."""
        found = []
        for track in self._tracks:
            workers = [one for one in self._workers if track.name in _names(one)]
            records = {one.name: one.records[track.name] for one in workers
                       if track.name in one.records}  # fmt: skip
            if records:
                found.append(
                    merged(
                        records,
                        lost=[one.lost[track.name] for one in workers if track.name in one.lost],
                        troubles=[text for one in workers for text in one.troubles()],
                    )
                )
        return found

    def stop(self) -> None:
        """End every load now: no iteration begins any more."""
        self._stopped = True
        if self._player is not None:
            self._player.stop()
        for worker in self._workers:
            worker.stop()

    def end(self) -> None:
        """End every load as if its time were over: iterations that run have their graceful stop."""
        self._stopped = True
        if self._player is not None:
            self._player.end()
        for worker in self._workers:
            worker.stop(gently=True)

    @property
    def users(self) -> int:
        """How many users there are now."""
        own = self._player.users if self._player is not None else 0
        return own + sum(worker.users for worker in self._workers)

    @property
    def records(self) -> dict[str, LoadRecord]:
        """Every load as it stands."""
        own = dict(self._player.records) if self._player is not None else {}
        return own | {record.load: record for record in self._merged_records()}

    @property
    def unmade(self) -> str:
        """Why a client could not even be made, or nothing."""
        own = [self._player.unmade] if self._player is not None else []
        return next((text for text in [*own, *(one.unmade for one in self._workers)] if text), "")

    async def close(self) -> None:
        """Leave no worker behind; closing twice is harmless."""
        try:
            await asyncio.gather(
                self._recruits.close(), *(worker.close() for worker in self._workers)
            )
        finally:
            if self._cluster is not None:
                await self._cluster.close()


def _names(worker: Worker) -> set[str]:
    return {track.name for track, _ in worker.loads()}


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
