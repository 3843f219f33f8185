"""Waiting in a test: a condition, a deadline, early exit; so that no test writes a loop.

It is the waiting of the engine with a deadline in seconds from now, and with an error that tells a
test's reader what was seen last. An exception of the condition means *not yet*: a server that is
coming back refuses at first.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import Late
from hormesis.engine.waiting import wait_until as engine_wait_until

T = TypeVar("T")
WITHIN_S = 30.0
EVERY_S = 0.05


class _Tries:
    """The tries of one condition, and how the last one ended."""

    def __init__(self, what: str) -> None:
        self._what = what or "the condition"
        self._value: object = None
        self._error: Exception | None = None

    def note(self, value: object, error: Exception | None = None) -> None:
        self._value, self._error = value, error

    def late(self, waited_s: float) -> AssertionError:
        error = self._error
        last = f"last value: {self._value!r}" if error is None else f"last error: {error!r}"
        late = AssertionError(f"{self._what}: not within {waited_s:.1f} s; {last}")
        late.__cause__ = error
        return late


def wait_until(
    condition: Callable[[], T],
    *,
    within_s: float = WITHIN_S,
    every_s: float = EVERY_S,
    what: str = "",
) -> T:
    """Return the condition's first true value; an exception in it means *not yet*.

    Args:
        condition: called again and again, at least once.
        within_s: seconds after which it is late.
        every_s: seconds between tries, from start to start.
        what: the condition in words, for the error.

    Raises:
        AssertionError: it came too late; says the last value or error, and how long was waited.
    """
    __tracebackhide__ = True
    tries, clock, pause = _Tries(what), LoopClock(), threading.Event()
    start = clock.now()
    while True:
        tried = clock.now()
        try:
            value = condition()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told when it is late
            tries.note(None, error)
        else:
            if value:
                return value
            tries.note(value)
        now = clock.now()
        if now >= start + within_s:
            raise tries.late(now - start)
        pause.wait(max(0.0, min(tried + every_s, start + within_s) - now))


async def wait_until_async(
    condition: Callable[[], Awaitable[T]],
    *,
    within_s: float = WITHIN_S,
    every_s: float = EVERY_S,
    what: str = "",
) -> T:
    """Return the first true value that *condition* has when awaited; else as `wait_until`."""
    __tracebackhide__ = True
    tries, clock = _Tries(what), LoopClock()
    start = clock.now()

    async def tried() -> tuple[T] | None:
        try:
            value = await condition()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told when it is late
            tries.note(None, error)
            return None
        tries.note(value)
        return (value,) if value else None

    try:
        found = await engine_wait_until(
            tried, what=what, deadline=start + within_s, clock=clock, every_s=every_s
        )
    except Late as late:
        raise tries.late(late.waited_s)  # noqa: B904 - the cause is the condition's own error
    assert found is not None
    return found[0]
