"""Player: one process's part of the loads of a run, from their first user to their last slice."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Sequence

from hormesis.engine.loading.alarm import time_is_real
from hormesis.engine.loading.burst import play_burst
from hormesis.engine.loading.closed import play_closed
from hormesis.engine.loading.crowd import Crowd, NoClient
from hormesis.engine.loading.drain import Drain, LoadOutput
from hormesis.engine.loading.finite import play_finite
from hormesis.engine.loading.open import play_open
from hormesis.engine.loading.scene import Meter, Scene
from hormesis.engine.loading.self_watch import Watching
from hormesis.engine.loading.ticked import play_ticked
from hormesis.words.clock import Clock
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.load import Burst, Closed, Finite, Open, Shape
from hormesis.words.metric import SLICE_S, MetricSlice

TELL_S = 1.0
"""How often a load's record is told while it changes, in seconds."""
FEW_USERS = 100
"""Fewer new users than this are not worth another look at what stays in memory."""


class Player:
    """Plays part *part* (from 0) of *parts* of every load track, once."""

    def __init__(
        self,
        tracks: Sequence[LoadTrack],
        *,
        part: int,
        parts: int,
        seed: int,
        clock: Clock,
        meter: Meter,
        output: LoadOutput,
    ) -> None:
        self.records: dict[str, LoadRecord] = {}
        """What was told of each load so far, by name."""
        self.unmade = ""
        """The load and why its client could not even be made; all loads were stopped then."""
        self._tracks = tracks
        self._part = part
        self._parts = parts
        self._seed = seed
        self._clock = clock
        self._meter = meter
        self._output = output
        self._drain = Drain(meter, output)
        self._crowds: dict[str, Crowd] = {}
        self._stopped = False
        self._ended = False
        self._slice = 0
        self._began = 0.0
        self._frozen = 0
        self._told_at = -math.inf

    @property
    def users(self) -> int:
        """Return how many users there are now."""
        return sum(len(crowd.seats) for crowd in self._crowds.values())

    def stop(self) -> None:
        """End all loads now: no iteration begins any more, pauses end at once."""
        self._stopped = True
        for crowd in self._crowds.values():
            crowd.stop()

    def end(self) -> None:
        """End all loads as if their time were over; those that have not begun never do."""
        self._ended = True
        for crowd in self._crowds.values():
            crowd.end()

    async def play(self, began: float) -> None:
        """Play every track from *began* (run time in seconds) plus its own start.

        Everything recorded is with the output when it returns. Cancelled, users are cut off at
        once.

        Raises:
            Exception: a shape could not be had, or the output could not take what was recorded.
        """
        for track in self._tracks:
            self._crowds[track.name] = self._crowd(track)
        if self._stopped:
            self.stop()
        if self._ended:
            self.end()
        self._began = began
        self._slice = self._slice_of(self._clock.now())
        try:
            async with asyncio.TaskGroup() as group:
                draining = group.create_task(self._drain_regularly())
                try:
                    async with asyncio.TaskGroup() as loads:
                        for track in self._tracks:
                            loads.create_task(self._play(track, began))
                finally:
                    draining.cancel()
        except ExceptionGroup as failures:
            raise _first_of(failures) from None
        finally:
            gc.unfreeze()
            self._flush(self._clock.now(), tell=True)

    def _crowd(self, track: LoadTrack) -> Crowd:
        scene = Scene(
            track.name,
            seed=self._seed,
            clock=self._clock,
            meter=self._meter,
            tags=track.tags,
            values=self._drain.values,
        )
        return Crowd(track, scene, clock=self._clock, part=self._part, parts=self._parts)

    async def _play(self, track: LoadTrack, began: float) -> None:
        crowd = self._crowds[track.name]
        moment = began + track.at_s
        if await crowd.ending.sleep(moment - self._clock.now()):
            return
        shape = track.load.shape().part(self._part, self._parts)
        crowd.scene.arrivals = isinstance(shape, Open | Burst)
        crowd.begin(moment)
        self._tell(crowd)
        with Watching(crowd.watch):
            try:
                await self._play_shape(crowd, shape)
                crowd.played()
                await crowd.let_end()
            except NoClient:
                pass
            finally:
                # Cancelled, users have no time left: whoever cancels wants it over at once.
                await crowd.cut_off()
                crowd.finish()
        if crowd.unmade:
            self.unmade = self.unmade or f"load {track.name}: {crowd.unmade}"
            self.stop()

    async def _play_shape(self, crowd: Crowd, shape: Shape) -> None:
        if isinstance(shape, Closed):
            await play_closed(crowd, shape)
        elif isinstance(shape, Open):
            await play_open(crowd, shape)
        elif isinstance(shape, Finite):
            await play_finite(crowd, shape)
        elif isinstance(shape, Burst):
            await play_burst(crowd, shape)
        else:
            await play_ticked(crowd, shape)

    @staticmethod
    def _slice_of(moment: float) -> int:
        return math.floor(moment / SLICE_S + 1e-6)

    async def _drain_regularly(self) -> None:
        while True:
            await self._clock.sleep_until((self._slice + 1) * SLICE_S)
            now = self._clock.now()
            self._flush(now, tell=now - self._told_at >= TELL_S)
            self._slice = self._slice_of(now)

    def _flush(self, now: float, *, tell: bool) -> None:
        slices: list[MetricSlice] = []
        for crowd in self._crowds.values():
            if crowd.begun:
                # What the first slice holds of the time before the tracks holds nothing.
                slices += crowd.take(max(self._slice * SLICE_S, self._began))
        self._drain.flush(slices)
        if self.users >= 1.5 * self._frozen and time_is_real():
            # What there is now stays: the collector need not look at it again and again.
            gc.freeze()
            self._frozen = self.users + FEW_USERS
        if tell:
            self._told_at = now
            for crowd in self._crowds.values():
                if crowd.begun:
                    self._tell(crowd)

    def _tell(self, crowd: Crowd) -> None:
        name = crowd.track.name
        if self.records.get(name) != crowd.record:
            self.records[name] = crowd.record
            self._output.load(crowd.record)


def _first_of(failures: ExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first_of(first) if isinstance(first, ExceptionGroup) else first
