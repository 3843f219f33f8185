"""Finite work: users do so many iterations, together or each, and then it is over."""

from __future__ import annotations

from hormesis.engine.loading.crowd import Crowd, Seat
from hormesis.words.load import Finite


async def play_finite(crowd: Crowd, shape: Finite) -> None:
    """Let users do the shape's iterations, until all are done or the time is over.

    What nobody has begun by then counts as dropped; it was due at no certain moment, so there is no
    record of it beside the count.
    """
    work = _Work(crowd, shape)
    if shape.iterations:
        crowd.turnout.look(shape.users, 0)
        await crowd.start_many(shape.users, work.each if shape.each else work.shared)
    await crowd.all_ended(shape.duration_s_max, crowd.ending)
    if not crowd.ending.rung:
        crowd.ending.ring()
        crowd.dropped += work.left


class _Work:
    """The iterations that nobody has begun."""

    def __init__(self, crowd: Crowd, shape: Finite) -> None:
        self.left = shape.iterations * (shape.users if shape.each else bool(shape.users))
        self._crowd = crowd
        self._share = shape.iterations
        self._users = shape.users

    async def each(self, seat: Seat) -> None:
        """Do one user's own iterations."""
        self._look()
        for _ in range(self._share):
            if self._crowd.ending.rung or seat.user.left:
                return
            await self._one(seat)

    async def shared(self, seat: Seat) -> None:
        """Do iterations as long as there are any."""
        self._look()
        while self.left and not (self._crowd.ending.rung or seat.user.left):
            await self._one(seat)

    async def _one(self, seat: Seat) -> None:
        self.left -= 1
        crowd = self._crowd
        if not self.left:
            self._look()
        if not await crowd.iterate(seat, crowd.now_ns()):
            await crowd.back_off()
        await crowd.turn(seat)

    def _look(self) -> None:
        """Note that a user more is at work, or that none is wanted any more."""
        wanted = self._users if self.left else 0
        self._crowd.turnout.look(wanted, min(self._crowd.opened, wanted))
