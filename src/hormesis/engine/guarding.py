"""Guarding: watches the stop conditions while the tracks run; the first one met ends the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hormesis.engine.observing import BLIND_FACTOR, BLIND_MARGIN_S, Observer
from hormesis.engine.waiting import sleep_unless
from hormesis.record.history_tail import HistoryTail
from hormesis.words.check import Check
from hormesis.words.clock import Clock
from hormesis.words.history import Note
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Probe
from hormesis.words.stop_condition import StopCondition

EFFORT = 0.05
"""The share of the time that judging a growing record may take."""
RARE_S = 10.0
"""From which pause on, in seconds, it is noted that a check is judged more rarely than asked."""


class Guard:
    """Watches one stop condition; *stop* is told the reason once it is met, *note* of blindness."""

    def __init__(
        self,
        condition: StopCondition,
        *,
        observer: Observer,
        clock: Clock,
        record: HistoryTail,
        flush: Callable[[], None],
        stop: Callable[[str], None],
        note: Callable[[Note], None],
    ) -> None:
        self._condition = condition
        self._observer = observer
        self._clock = clock
        self._record = record
        self._flush = flush
        self._stop = stop
        self._note = note

    async def watch(self, over: asyncio.Event) -> None:
        """Look until *over*, or until the condition is met."""
        one = self._condition
        if one.delay_s and await sleep_unless(over, self._clock.now() + one.delay_s, self._clock):
            return
        missed_since: float | None = None
        told, pause_s, rare = "", one.every_s, False
        while not over.is_set():
            began = self._clock.now()
            if one.probe is not None:
                miss = await self._miss(one.probe)
                missed_since = (missed_since or began) if miss else None
                lasted = began - missed_since if missed_since is not None else -1.0
                told = miss if lasted >= one.for_s else ""
            elif one.check is not None:
                told = await self._judged(one.check)
                pause_s = max(one.every_s, (self._clock.now() - began) / EFFORT)
                if pause_s > max(RARE_S, one.every_s) and not rare:
                    rare = True
                    self._note_rare(pause_s)
            if told:
                self._stop(self._met(told))
                return
            await sleep_unless(over, began + pause_s, self._clock)

    def _met(self, told: str) -> str:
        if self._condition.aborts:
            return f"{self._condition.name} at {self._clock.now():.1f} s: {told}"
        return f"the stop condition {self._condition.name!r} was met: {told}"

    async def _miss(self, probe: Probe) -> str:
        began = self._clock.now()
        try:
            record = await self._observer.look(self._condition.name, probe)
        finally:
            # Also when it is cut off: what nobody guarded must not look guarded.
            now = self._clock.now()
            if now - began > self._condition.every_s * BLIND_FACTOR + BLIND_MARGIN_S:
                told = f"{self._condition.name!r} was blind from {began:.1f} s to {now:.1f} s"
                self._note(Note(now, "fatal", "stop condition", told))
        return "" if record.good else record.reason or record.miss or "its expectation was missed"

    def _note_rare(self, pause_s: float) -> None:
        text = (
            f"{self._condition.name!r} takes so long to judge that it is judged every {pause_s:.0f}"
            f" s only, not every {self._condition.every_s:g} s"
        )
        self._note(Note(self._clock.now(), "warning", "stop condition", text))

    async def _judged(self, check: Check) -> str:
        """Judge what is recorded so far; only a fail counts, since evidence may still come."""
        self._flush()
        try:
            verdict = await asyncio.to_thread(lambda: check.judge(self._record.read()))
        except Exception as error:  # noqa: BLE001 - a check may be a plugin's
            # A guard that cannot see must not let the harm go on.
            return f"it cannot be judged: {type(error).__name__}: {error}"
        return verdict.summary if verdict.outcome is Outcome.FAIL else ""
