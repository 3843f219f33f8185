"""Retry with exponential backoff and full jitter.

The pause before attempt *n* + 1 is drawn evenly from 0 to ``backoff × 2**(n - 1)``, at most
``backoff_max``: "full jitter" of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture
Blog, 2015), which spreads those who collided better than a fixed pause with a little noise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hormesis.testing.injector.transient import RetryOn, decides
from hormesis.words.sqlstate import state_of

T = TypeVar("T")


@dataclass
class Attempts:
    """The attempts at one operation; durations in seconds."""

    rng: Random
    max_attempts: int = 3
    backoff: float = 0.1
    backoff_max: float = 5.0
    retry_on: RetryOn | None = None
    tell: Callable[[str], Any] = lambda told: None
    """Told of each attempt that is followed by another."""
    told: list[str] = field(default_factory=list)
    """What each failed attempt came to."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"expected max_attempts of at least 1, found {self.max_attempts}")
        if self.backoff < 0 or self.backoff_max < 0:
            raise ValueError("expected pauses of at least 0 seconds")
        self._again = decides(self.retry_on)

    def pause_after(self, error: Exception) -> float | None:
        """Note that an attempt ended with *error*; return the pause before the next one.

        None: there is none, and *error* has what all attempts came to as its notes.
        """
        number = len(self.told) + 1
        state = state_of(error)
        sort = f"{type(error).__name__}{f' ({state})' if state else ''}"
        told = f"attempt {number}: {sort}: {str(error).strip().partition(chr(10))[0]}"
        if number >= self.max_attempts or not self._again(error):
            why = "the last" if number >= self.max_attempts else "not one to try again after"
            for line in (*self.told, f"{told}; {why}"):
                error.add_note(line)
            return None
        pause_s = self.rng.uniform(0, min(self.backoff_max, self.backoff * 2 ** (number - 1)))
        self.told.append(f"{told}; again after {1000 * pause_s:.0f} ms")
        self.tell(self.told[-1])
        return pause_s


def attempted(
    operation: Callable[[], T], attempts: Attempts, sleep: Callable[[float], Any]
) -> T:
    """Return what *operation* returns at the first attempt that does not fail.

    Raises:
        Exception: the last attempt's error, with the others as its notes.
    """
    while True:
        try:
            return operation()
        except Exception as error:
            pause_s = attempts.pause_after(error)
            if pause_s is None:
                raise
        sleep(pause_s)


async def attempted_async(
    operation: Callable[[], Awaitable[T]],
    attempts: Attempts,
    sleep: Callable[[float], Awaitable[Any]],
) -> T:
    """Do what :func:`attempted` does with an operation that is awaited."""
    while True:
        try:
            return await operation()
        except Exception as error:
            pause_s = attempts.pause_after(error)
            if pause_s is None:
                raise
        await sleep(pause_s)
