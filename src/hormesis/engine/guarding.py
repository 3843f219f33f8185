"""Guarding: watches the stop conditions while the tracks run; the first one met ends the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hormesis.engine.observing import Observer
from hormesis.engine.waiting import sleep_unless
from hormesis.record.history_reader import read_history
from hormesis.words.check import Check
from hormesis.words.clock import Clock
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Probe
from hormesis.words.stop_condition import StopCondition

EFFORT = 0.05
"""The share of the time that judging a growing record may take."""


class Guard:
    """Watches one stop condition; *stop* is told the reason once it is met."""

    def __init__(
        self,
        condition: StopCondition,
        *,
        observer: Observer,
        clock: Clock,
        directory: Path,
        flush: Callable[[], None],
        stop: Callable[[str], None],
    ) -> None:
        self._condition = condition
        self._observer = observer
        self._clock = clock
        self._directory = directory
        self._flush = flush
        self._stop = stop

    async def watch(self, over: asyncio.Event) -> None:
        """Look until *over*, or until the condition is met."""
        one = self._condition
        missed_since: float | None = None
        told, pause_s = "", one.every_s
        while not over.is_set():
            began = self._clock.now()
            if one.probe is not None:
                miss = await self._miss(one.probe)
                missed_since = (missed_since or began) if miss else None
                lasted = began - missed_since if missed_since is not None else -1.0
                told = miss if lasted >= one.for_s else ""
            elif one.check is not None:
                told = await self._failure(one.check)
                pause_s = max(one.every_s, (self._clock.now() - began) / EFFORT)
            if told:
                self._stop(f"the stop condition {one.name!r} was met: {told}")
                return
            await sleep_unless(over, began + pause_s, self._clock)

    async def _miss(self, probe: Probe) -> str:
        record = await self._observer.look(self._condition.name, probe)
        return "" if record.good else record.reason or record.miss or "its expectation was missed"

    async def _failure(self, check: Check) -> str:
        """Judge what is recorded so far; only a fail counts, since evidence may still come."""
        self._flush()
        verdict = await asyncio.to_thread(lambda: check.judge(read_history(self._directory)))
        return verdict.summary if verdict.outcome is Outcome.FAIL else ""
