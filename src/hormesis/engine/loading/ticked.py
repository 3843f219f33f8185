"""Ticked: code says once a second how many users there should be, as Locust's shapes do."""

from __future__ import annotations

from hormesis.engine.loading.closed import LOOK_S, UserChange
from hormesis.engine.loading.crowd import Crowd
from hormesis.words.load import Ticked, share_of

TICK_S = 1.0
"""How often the shape is asked, in seconds."""


async def play_ticked(crowd: Crowd, shape: Ticked) -> None:
    """Ask the shape for the number of users, and let them join and leave at its pace."""
    change = UserChange(crowd, 0.0, crowd.track.graceful_stop_s)
    start = crowd.clock.now()
    level = Level()
    try:
        tick = shape.make()
        asked = -1.0
        while (passed := crowd.clock.now() - start) < shape.duration_s_max:
            if passed >= asked + TICK_S:
                asked = passed // TICK_S * TICK_S
                wanted = tick(passed, int(level.users))
                if wanted is None:
                    return
                level.aim(*wanted)
            there = change.to(share_of(level.at(passed), shape.index, shape.parts))
            left = min(LOOK_S, shape.duration_s_max - passed)
            if await crowd.ending.sleep(left if there else 0.0):
                return
    except (Exception, SystemExit) as error:
        if crowd.unmade:
            raise
        crowd.trouble(error, "the shape could not go on")


class Level:
    """How many users there are in all, on the way to how many there should be."""

    def __init__(self) -> None:
        self.users = 0.0
        self._aim = 0
        self._rate = 0.0
        self._then = 0.0

    def aim(self, users: int, per_second: float) -> None:
        """Go to *users*, so many per second.

        Raises:
            ValueError: nobody can do that.
        """
        if users < 0 or per_second <= 0:
            text = f"expected users ≥ 0 and a rate > 0, found {users} and {per_second}"
            raise ValueError(text)
        self._aim, self._rate = users, per_second

    def at(self, passed_s: float) -> int:
        """Return how many there are *passed_s* seconds after the start; only ever go on in time."""
        step = self._rate * (passed_s - self._then)
        self._then = passed_s
        if self.users < self._aim:
            # The first joins at once, as Locust spawns.
            self.users = min(self._aim, max(self.users + step, 1.0))
        elif self.users > self._aim:
            self.users = max(self._aim, self.users - step)
        return int(self.users)
