"""Virtual time: an event loop whose clock jumps to the next timer instead of waiting for it.

A test of an hour takes a millisecond and gives the same result on every machine. A loop in which
every task waits and no timer is left would wait for ever; here that is an error.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from hormesis.engine.clock import LoopClock

P = ParamSpec("P")

START_S = 1000.0
"""What the loop's clock shows first: not 0, so that run time and loop time cannot be mixed up."""
TURN_S = 1e-10
"""What a turn of the loop takes: time that stood still could never reach a moment it rounds to."""
LIMIT_S = 86_400.0
"""How much virtual time a test may use."""


class Deadlock(Exception):
    """Every task waits, and nothing is left that could wake one."""


class Runaway(Exception):
    """The test used up its virtual time."""


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: what the loop would sleep, its clock is put forward."""

    now = START_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        self.now += TURN_S
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise Deadlock("every task waits, and no timer is left")
        self.now += timeout
        if self.now > START_S + LIMIT_S:
            raise Runaway(f"more than {LIMIT_S:g} s of virtual time have passed")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def hang(self, seconds: float) -> None:
        """Let time pass while the loop does nothing, as a blocking call would."""
        self._jumping.now += seconds


def virtually(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test on a loop in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def virtual_clock() -> LoopClock:
    """Return a run's clock on the running virtual loop, starting at 0."""
    return LoopClock(asyncio.get_running_loop().time, wall=lambda: 0.0)


def hang(seconds: float) -> None:
    """Block the running virtual loop for *seconds*."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.hang(seconds)
