"""Alarm: calls back at moments of the run, by the kernel's timer where the clock is real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from hormesis.host.precise_timer import PreciseTimer
from hormesis.words.clock import Clock


class Alarm(Protocol):
    """Calls back once per moment that is set."""

    def set(self, moment_ns: int) -> None:
        """Ring at *moment_ns* of the run, or at once if it has passed; forget the moment before."""
        ...

    def close(self) -> None:
        """Never ring again."""
        ...


class _RealAlarm:
    def __init__(self, clock: Clock, call: Callable[[], None]) -> None:
        self._zero_ns = time.monotonic_ns() - clock.now_ns()
        self._timer = PreciseTimer(call)

    def set(self, moment_ns: int) -> None:
        self._timer.set(self._zero_ns + moment_ns)

    def close(self) -> None:
        self._timer.close()


class _LoopAlarm:
    """Rings within the loop's own accuracy; in virtual time that is exact."""

    def __init__(self, clock: Clock, call: Callable[[], None]) -> None:
        self._clock = clock
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, moment_ns: int) -> None:
        self.close()
        self._timer = self._loop.call_later(moment_ns * 1e-9 - self._clock.now(), self._call)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def time_is_real() -> bool:
    """Return whether the running loop goes by CLOCK_MONOTONIC and not by a time of its own."""
    return type(asyncio.get_running_loop()).time is asyncio.BaseEventLoop.time


def alarm_of(clock: Clock, call: Callable[[], None]) -> Alarm:
    """Return the most precise alarm that there is for *clock*."""
    if time_is_real():
        try:
            return _RealAlarm(clock, call)
        except OSError:
            pass  # a system without such timers: late arrivals are measured and told
    return _LoopAlarm(clock, call)
