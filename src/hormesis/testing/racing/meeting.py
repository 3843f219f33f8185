"""Meeting: where the workers of a round wait for each other, in the middle of their operations."""

from __future__ import annotations

import asyncio
from threading import Condition


class Meeting:
    """Lets workers in threads go on when all that are still under way have come.

    Who ends its operation without coming is not waited for.
    """

    def __init__(self, workers: int) -> None:
        self._changed = Condition()
        self._expected = workers
        self._present = 0
        self._times = 0

    def arrive(self, timeout_s: float) -> None:
        """Return when all have come.

        Raises:
            TimeoutError: somebody did not come in *timeout_s* seconds.
        """
        with self._changed:
            mine = self._times
            self._present += 1
            self._see()
            if not self._changed.wait_for(lambda: self._times > mine, timeout_s):
                self._present -= 1
                raise TimeoutError(
                    f"{self._present + 1} of {self._expected} workers met in {timeout_s:g} s"
                )

    def leave(self) -> None:
        """Wait for one worker less from now on."""
        with self._changed:
            self._expected -= 1
            self._see()

    def _see(self) -> None:
        if self._present and self._present >= self._expected:
            self._present = 0
            self._times += 1
            self._changed.notify_all()


class AsyncMeeting:
    """The same for the tasks of one loop."""

    def __init__(self, workers: int) -> None:
        self._expected = workers
        self._present = 0
        self._met = asyncio.Event()

    async def arrive(self, timeout_s: float) -> None:
        """Return when all have come.

        Raises:
            TimeoutError: somebody did not come in *timeout_s* seconds.
        """
        met = self._met
        self._present += 1
        self._see()
        try:
            async with asyncio.timeout(timeout_s):
                await met.wait()
        except TimeoutError:
            self._present -= 1
            told = f"{self._present + 1} of {self._expected} workers met in {timeout_s:g} s"
            raise TimeoutError(told) from None

    def leave(self) -> None:
        """Wait for one worker less from now on."""
        self._expected -= 1
        self._see()

    def _see(self) -> None:
        if self._present and self._present >= self._expected:
            self._present = 0
            self._met.set()
            self._met = asyncio.Event()
