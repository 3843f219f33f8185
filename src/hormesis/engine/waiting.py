"""Waiting: a condition, a deadline, early exit. The only polling loop of the toolkit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hormesis.words.clock import Clock

T = TypeVar("T")


class Late(Exception):
    """The condition was not met by the deadline."""

    def __init__(self, what: str, waited_s: float) -> None:
        self.what = what
        self.waited_s = waited_s
        super().__init__(f"{what}: not met within {waited_s:.1f} s")


async def wait_until(
    condition: Callable[[], Awaitable[T]],
    *,
    what: str,
    deadline: float,
    clock: Clock,
    every_s: float = 0.05,
    given_up: Callable[[], bool] = lambda: False,
) -> T:
    """Return the condition's first true value.

    Args:
        condition: awaited again and again; a false value means *not yet*.
        what: the condition in words, for the error.
        deadline: run time in seconds after which it is late; the condition is tried at least once.
        clock: the run's clock.
        every_s: seconds between tries, measured from start to start.
        given_up: ends the wait early, as if it were late.

    Raises:
        Late: the deadline passed, or the wait was given up.
    """
    start = clock.now()
    while True:
        tried = clock.now()
        value = await condition()
        if value:
            return value
        if clock.now() >= deadline or given_up():
            raise Late(what, clock.now() - start)
        await clock.sleep_until(min(tried + every_s, deadline))


async def sleep_unless(event: asyncio.Event, moment: float, clock: Clock) -> bool:
    """Return at *moment* (run time in seconds) or as soon as *event* is set; tell which.

    True means that the event is set. Always lets the other tasks of the loop have a turn, so that
    a loop around it cannot starve them.
    """
    left = moment - clock.now()
    if left <= 0 or event.is_set():
        await asyncio.sleep(0)
        return event.is_set()
    try:
        async with asyncio.timeout(left):
            await event.wait()
    except TimeoutError:
        pass
    return event.is_set()
