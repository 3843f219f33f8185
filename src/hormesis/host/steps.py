"""Stepwise work: a generator that says what it waits for, so that one loop can hold many.

A verb that must wait (for a process to end, for a line to arrive) yields a :class:`Wait` and is
resumed when one of the descriptors is readable or the moment has come; it then looks for itself
whether what it waited for has happened. The custodian's loop interleaves many of them; a replay
drives one to its end.
"""

from __future__ import annotations

import select
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Wait:
    """Resume at ``until`` (seconds of CLOCK_MONOTONIC), or when a descriptor is readable."""

    until: float
    fds: tuple[int, ...] = ()


T = TypeVar("T")
Steps = Generator[Wait, None, T]
"""Stepwise work that returns a ``T``."""


def drive(steps: Steps[T]) -> T:
    """Run *steps* to the end, blocking this thread while it waits, and return its result."""
    while True:
        try:
            wait = next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        poller = select.poll()
        for fd in wait.fds:
            poller.register(fd, select.POLLIN)
        poller.poll(max(0.0, wait.until - time.monotonic()) * 1000)
