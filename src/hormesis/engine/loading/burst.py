"""A burst: all users at the same instant, and how far apart their first sends were."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hormesis.engine.loading.alarm import alarm_of
from hormesis.engine.loading.bell import rouse
from hormesis.engine.loading.crowd import Crowd, Seat
from hormesis.words.load import Burst

READY_S = 0.05
"""How long before a burst's instant its users are made to wait for it."""


async def play_burst(crowd: Crowd, shape: Burst) -> None:
    """Open every user first, then play the rounds."""
    if shape.users:
        await _Rounds(crowd, shape).play()


class _Rounds:
    def __init__(self, crowd: Crowd, shape: Burst) -> None:
        self._crowd = crowd
        self._shape = shape
        self._seats: list[Seat] = []
        self._waiting = 0
        self._all_wait = asyncio.get_running_loop().create_future()

    async def play(self) -> None:
        crowd, shape = self._crowd, self._shape
        self._seats = await crowd.start_many(shape.users, self._work)
        for seat in self._seats:
            if seat.task is not None:
                seat.task.add_done_callback(self._gone)
        if not await self._gathered():
            return
        instant = crowd.clock.now() + READY_S
        for _ in range(shape.rounds):
            if await self._until(instant) or not await self._round(instant):
                return
            instant = max(instant + shape.gap_s, crowd.clock.now() + READY_S)

    async def _round(self, instant: float) -> bool:
        """Let all users go; tell whether all of them are back."""
        self._all_wait = asyncio.get_running_loop().create_future()
        self._waiting = 0
        due_ns = round(instant * 1e9)
        for seat in self._seats:
            seat.user.first_ns = -1
            seat.wake(due_ns)
        back = await self._gathered()
        firsts = [seat.user.first_ns for seat in self._seats if seat.user.first_ns >= 0]
        if firsts:
            spread_s = (max(firsts) - min(firsts)) * 1e-9
            record = self._crowd.record
            self._crowd.record = replace(record, spread_s=max(record.spread_s or 0.0, spread_s))
        return back

    async def _work(self, seat: Seat) -> None:
        crowd = self._crowd
        while not crowd.ending.rung:
            self._waiting += 1
            if self._waiting == self._shape.users:
                rouse(self._all_wait)
            due_ns = await seat.called()
            if due_ns < 0:
                return
            if not await crowd.iterate(seat, due_ns):
                await crowd.back_off()

    async def _gathered(self) -> bool:
        """Wait until all users wait for the instant; tell whether all do."""
        await self._crowd.ending.wait(self._all_wait)
        return self._waiting == self._shape.users and not self._crowd.ending.rung

    def _gone(self, task: asyncio.Task[None]) -> None:
        """Give up: without all users it is no burst."""
        rouse(self._all_wait)

    async def _until(self, instant: float) -> bool:
        """Wait for the instant; tell whether the load was ended meanwhile."""
        there = asyncio.get_running_loop().create_future()
        alarm = alarm_of(self._crowd.clock, lambda: rouse(there))
        try:
            alarm.set(round(instant * 1e9))
            return await self._crowd.ending.wait(there)
        finally:
            alarm.close()
