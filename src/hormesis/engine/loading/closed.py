"""Closed model: so many users at a time; each begins again when it has ended."""

from __future__ import annotations

import asyncio
from functools import partial

from hormesis.engine.loading.crowd import MADE_AT_ONCE, Crowd, Seat
from hormesis.words.load import Closed

LOOK_S = 0.05
"""How often the number of users is brought to what the shape says, in seconds."""


async def play_closed(crowd: Crowd, shape: Closed) -> None:
    """Let users join and leave as the shape says, until its time is over."""
    change = UserChange(crowd, shape.pace_s, shape.ramp_down_grace_s)
    start = crowd.clock.now()
    while (passed := crowd.clock.now() - start) < shape.duration_s:
        there = change.to(shape.users_at(passed))
        left = min(LOOK_S, shape.duration_s - passed)
        if await crowd.ending.sleep(left if there else 0.0):
            return


class UserChange:
    """Brings the number of users that begin iterations to what is wanted."""

    def __init__(self, crowd: Crowd, pace_s: float, grace_s: float) -> None:
        self._crowd = crowd
        self._pace_ns = round(pace_s * 1e9)
        self._grace_s = grace_s
        self._staying: list[Seat] = []
        self._leaving: dict[Seat, asyncio.TimerHandle] = {}

    def to(self, wanted: int) -> bool:
        """Let users join until there are *wanted*, those that are about to leave first; or leave.

        The last to come leaves first. Who leaves may finish its iteration within the grace. So many
        join in one turn at most; tell whether there are as many as wanted.

        Raises:
            NoClient: a client could not be made.
        """
        for _ in range(min(wanted - len(self._staying), MADE_AT_ONCE)):
            self._staying.append(self._stayed() or self._crowd.start(self._work))
        while len(self._staying) > wanted:
            seat = self._staying.pop()
            if seat.task is None or seat.task.done():
                continue
            seat.leave()
            cut = partial(seat.task.cancel)
            loop = asyncio.get_running_loop()
            self._leaving[seat] = loop.call_later(self._grace_s, cut)
        self._crowd.turnout.look(wanted, sum(seat.opened for seat in self._staying))
        return len(self._staying) == wanted

    def _stayed(self) -> Seat | None:
        """Return one that was about to leave and now stays; None: there is none."""
        while self._leaving:
            seat, cut = self._leaving.popitem()
            cut.cancel()
            if seat.task is not None and not seat.task.done():
                seat.stay()
                return seat
        return None

    async def _work(self, seat: Seat) -> None:
        crowd = self._crowd
        ending = crowd.ending
        due_ns = crowd.now_ns()
        while not (ending.rung or seat.leaving or seat.user.left):
            if not await crowd.iterate(seat, due_ns, on=not self._pace_ns):
                await crowd.back_off()
            now_ns = crowd.now_ns()
            due_ns = max(due_ns + self._pace_ns, now_ns)
            if due_ns > now_ns:
                await self._pace(seat, (due_ns - now_ns) * 1e-9)
            else:
                await crowd.turn(seat)
        # Whoever leaves is forgotten here, so that nothing of many that came and went stays.
        cut = self._leaving.pop(seat, None)
        if cut is not None:
            cut.cancel()

    async def _pace(self, seat: Seat, seconds: float) -> None:
        seat.call = asyncio.get_running_loop().create_future()
        try:
            await self._crowd.ending.wait(seat.call, seconds)
        finally:
            seat.call = None
