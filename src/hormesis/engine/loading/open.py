"""Open model: arrivals begin when they are due, whatever the system under test does.

The schedule is a pure function of the arrival's number, so what waits for a user needs no memory:
two numbers say which arrivals are due and which of them were begun.
"""

from __future__ import annotations

import asyncio
import math

from hormesis.engine.loading.alarm import alarm_of
from hormesis.engine.loading.bell import rouse
from hormesis.engine.loading.crowd import MADE_AT_ONCE, Crowd, NoClient, Seat
from hormesis.words.load import Open

READY_WITHIN_S = 2.0
"""How long the first arrival waits for users that are to be ready, in seconds."""
LATER_S = 0.1
"""The step in which a schedule begins later when users are not ready in time, in seconds."""
WAITED_NS = 1_000_000
"""Who gets a user within this time has not waited for one."""
BACKLOG_S = 1.0
"""How long arrivals that wait when the load's time is over may still find a user, in seconds."""
AT_ONCE = 256
"""How many arrivals are begun or dropped before others get a turn."""


async def play_open(crowd: Crowd, shape: Open) -> None:
    """Let arrivals begin until the shape's time is over; drop those that nobody began."""
    arrivals = Arrivals(crowd, shape)
    try:
        await arrivals.ready()
        if not crowd.ending.rung:
            await arrivals.go_on()
    finally:
        arrivals.close()


class Arrivals:
    """The arrivals of one load and the users that are free for them."""

    def __init__(self, crowd: Crowd, shape: Open) -> None:
        self._crowd = crowd
        self._shape = shape
        self._made = 0
        self._opening: set[asyncio.Task[None] | None] = set()
        self._free: list[Seat] = []
        self._zero_ns = 0
        self._due = 0
        """The first arrival that is not due yet."""
        self._next = 0
        """The first arrival that nobody has begun; those before ``_due`` wait."""
        self._all_due = False
        self._opened = asyncio.get_running_loop().create_future()
        """Done when no user is being opened any more."""
        self._begun = asyncio.get_running_loop().create_future()
        """Done when every arrival was begun."""
        self._alarm = alarm_of(crowd.clock, self._ring)

    async def ready(self) -> None:
        """Make the users that are to be ready before the first arrival."""
        while self._made < min(self._shape.users_ready, self._shape.users_max):
            if not self._make():
                return
            if self._made % MADE_AT_ONCE == 0:
                await asyncio.sleep(0)
        if self._opening:
            await self._crowd.ending.wait(self._opened, READY_WITHIN_S)

    async def go_on(self) -> None:
        """Play the schedule from now on."""
        crowd = self._crowd
        self._zero_ns = self._beginning_ns()
        end_ns = self._zero_ns + round(self._shape.duration_s * 1e9)
        self._ring()
        if not await crowd.ending.sleep((end_ns - crowd.now_ns()) * 1e-9):
            await crowd.ending.wait(self._begun, BACKLOG_S)
        crowd.ending.ring()
        while (due_ns := self._due_ns(self._next)) is not None:
            if due_ns > min(crowd.now_ns(), end_ns):
                break
            self._next += 1
            crowd.waited += 1
            crowd.drop(due_ns)

    def _beginning_ns(self) -> int:
        """Return when the schedule begins: as planned, or as little later as users were ready.

        In whole steps, so that the parts that several processes play still fit together.
        """
        moment = self._crowd.moment
        late = self._crowd.clock.now() - moment
        steps = math.ceil((late - WAITED_NS * 1e-9) / LATER_S) if late > 0 else 0
        return round((moment + steps * LATER_S) * 1e9)

    def close(self) -> None:
        """Begin no further arrival."""
        self._alarm.close()

    def _due_ns(self, arrival: int) -> int | None:
        due_s = self._shape.due_at(arrival)
        return None if due_s is None else self._zero_ns + round(due_s * 1e9)

    def _ring(self) -> None:
        """Begin what is due, and set the alarm to what is due next."""
        for _ in range(AT_ONCE):
            if self._crowd.ending.rung:
                return
            due_ns = self._due_ns(self._due)
            if due_ns is None:
                self._all_due = True
                self._see_whether_begun()
                return
            if due_ns > self._crowd.now_ns():
                self._alarm.set(due_ns)
                return
            self._arrive(due_ns)
        self._alarm.set(0)

    def _arrive(self, due_ns: int) -> None:
        self._due += 1
        if self._free:
            self._next += 1
            self._free.pop().wake(due_ns)
            return
        may_make = self._made < self._shape.users_max
        if self._shape.drops:
            # As k6 does: one more user is made at a time, and it comes too late for this arrival.
            self._next += 1
            self._crowd.waited += 1
            self._crowd.drop(due_ns)
            if may_make and not self._opening:
                self._make()
        elif may_make and len(self._opening) < self._due - self._next:
            self._make()

    def _make(self) -> bool:
        """Make one more user; False when none can be made, and the load is stopped."""
        try:
            seat = self._crowd.start(self._work)
        except NoClient:
            return False
        self._made += 1
        if seat.task is not None:
            self._opening.add(seat.task)
            seat.task.add_done_callback(self._is_open)
        return True

    def _is_open(self, task: asyncio.Task[None] | None) -> None:
        """Note that a user is open, or never will be."""
        self._opening.discard(task)
        if not self._opening:
            rouse(self._opened)

    async def _work(self, seat: Seat) -> None:
        crowd = self._crowd
        self._is_open(seat.task)
        while not crowd.ending.rung:
            due_ns = self._take_waiting()
            if due_ns < 0:
                self._free.append(seat)
                due_ns = await seat.called()
                if due_ns < 0:
                    return
                if crowd.is_ending():
                    crowd.drop(due_ns)
                    return
                crowd.watch.late.append((crowd.now_ns() - due_ns) * 1e-9)
            await crowd.iterate(seat, due_ns)
            if seat.user.left:
                # Another one may take its place, or arrivals would wait for nobody.
                self._made -= 1
                return
            if self._next < self._due:
                await crowd.turn(seat)

    def _take_waiting(self) -> int:
        """Return when the arrival is due that has waited longest, now begun; -1: none waits."""
        if self._next >= self._due:
            return -1
        due_ns = self._due_ns(self._next) or 0
        self._next += 1
        if self._crowd.now_ns() - due_ns > WAITED_NS:
            self._crowd.waited += 1
        self._see_whether_begun()
        return due_ns

    def _see_whether_begun(self) -> None:
        if self._all_due and self._next >= self._due:
            rouse(self._begun)
