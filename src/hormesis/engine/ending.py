"""Ending: when the tracks end: as planned, because the run is stopped, or early.

An early end lets everything finish as at the planned end: loads get their graceful stop, faults
are released and watched until they have healed, and the run settles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hormesis.engine.live import Live
from hormesis.engine.observing import Observer, patience_s
from hormesis.engine.waiting import sleep_unless
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.clock import Clock
from hormesis.words.end_condition import EARLY, EarlyEnd, EndCondition
from hormesis.words.experiment import ProbeTrack
from hormesis.words.history import Note, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.probe import Probe
from hormesis.words.units import text_of_seconds

SOURCE = "end condition"
"""What notes about end conditions are from."""
TIMES = ("ms",)
"""The fields of observations that say how long a look took, which is never the same."""
STALE = (
    "was met before the tracks had done anything, so it does not end them until it was seen unmet;"
    " clear what an earlier run left, or say not_before"
)
_NAMED_MAX = 3
_LETTERS_MAX = 60


class Ending:
    """Knows when the tracks are to end; *ended* is called once when an end condition is met."""

    def __init__(
        self,
        conditions: Sequence[EndCondition],
        *,
        clock: Clock,
        live: Live,
        settle_s: float,
        writer: HistoryWriter,
        ended: Callable[[], None],
    ) -> None:
        self.over = asyncio.Event()
        """Set as soon as the tracks are to end, whatever the reason."""
        self.early: EarlyEnd | None = None
        self.idle = False
        """Whether every load has ended, so that only watching is left after the last fault."""
        self._conditions = [one for one in conditions if one.probe is not None]
        self._stuck = [Stuck(one) for one in conditions if one.probe is None]
        self._clock = clock
        self._live = live
        self._settle_s = settle_s
        self._writer = writer
        self._ended = ended
        self._stopped = False
        self._began: float | None = None
        self._planned = 0.0
        self._until = 0.0

    def begin(self, began: float, duration_s: float) -> None:
        """Note that the tracks begin at *began*, planned to last *duration_s* seconds."""
        self._began, self._planned = began, began + duration_s

    def stop(self) -> None:
        """End the tracks because the run is stopped, which outranks an early end."""
        self._stopped = True
        self.over.set()

    def why(self) -> str:
        """Return what ended the tracks early, in good order; empty if nothing did."""
        return "" if self._stopped or self.early is None else self.early.briefly

    def told(self) -> dict[str, Any]:
        """Return what the history's end says of an early end; nothing if there was none."""
        return {} if self.early is None else {EARLY: self.early.as_data()}

    async def plays(self, loads: Awaitable[None]) -> None:
        """Let *loads* play, and note when they have ended."""
        await loads
        self.idle = True

    async def settle(
        self, stop: asyncio.Event, observer: Observer, tracks: Sequence[ProbeTrack]
    ) -> None:
        """After an early end go on watching for as long as asked, and look a last time at *tracks*.

        What ended the run is seen by every monitor then, however rarely it looks.
        """
        if self.early is None or self._began is None:
            return
        await sleep_unless(stop, self._until, self._clock)
        begun = [one for one in tracks if self._began + one.at_s <= self._clock.now()]
        if stop.is_set() or not begun:
            return
        looks = [asyncio.create_task(observer.look(one.name, one.probe)) for one in begun]
        try:
            await asyncio.wait(looks, timeout=max(patience_s(one) for one in begun))
        finally:
            for look in looks:
                look.cancel()

    def seen(self, record: ProbeRecord) -> None:
        """Record what any probe saw; values that do not change any more may end the tracks."""
        self._writer.probe(record)
        if self._began is None or self.over.is_set():
            return
        for stuck in self._stuck:
            if told := stuck.told(record, self._began):
                self._meet(stuck.condition, told, gave_up=True)
                return

    def watches(self, observer: Observer) -> list[asyncio.Task[None]]:
        """Start to look at every condition that is a probe; each task ends when it is over."""
        return [
            asyncio.create_task(self._watch(one, one.probe, observer))
            for one in self._conditions
            if one.probe is not None
        ]

    async def _watch(self, condition: EndCondition, probe: Probe, observer: Observer) -> None:
        since = (self._began or 0.0) + condition.not_before_s
        if await sleep_unless(self.over, since, self._clock):
            return
        met_since: float | None = None
        looks = unread = 0
        reason = ""
        stale = False
        try:
            while not self.over.is_set():
                began = self._clock.now()
                record = await observer.look(condition.name, probe)
                looks += 1
                if record.reason:
                    unread, reason = unread + 1, record.reason
                if looks == 1 and record.good and not condition.not_before_s:
                    stale = True
                    told = f"{condition.name!r} {STALE}"
                    self._writer.note(Note(self._clock.now(), "warning", SOURCE, told))
                # What cannot be read was not seen unmet.
                stale = stale and (record.good or bool(record.reason))
                if stale or not record.good:
                    met_since = None
                elif met_since is None:
                    met_since = self._clock.now()
                lasted = 0.0 if met_since is None else began - met_since
                if met_since is not None and (not condition.for_s or lasted >= condition.for_s):
                    lasting = f" for {text_of_seconds(condition.for_s)}" if condition.for_s else ""
                    seen = _told(_values(record, _expected(probe)), "is")
                    self._meet(condition, f"its expectation is met{lasting}{seen and ': '}{seen}")
                    return
                await sleep_unless(self.over, began + condition.every_s, self._clock)
        finally:
            if unread:
                told = f"{condition.name!r} could not be read {unread} of {looks} times: {reason}"
                self._writer.note(Note(self._clock.now(), "warning", SOURCE, told))

    def _meet(self, condition: EndCondition, told: str, *, gave_up: bool = False) -> None:
        """End the tracks, unless they are over anyway."""
        if self.over.is_set():
            return
        now, settle_s = self._clock.now(), condition.settle_s
        if settle_s is None:
            # Once the run only settles, there is nothing left to settle from.
            settling = self.idle and now >= self._planned - self._settle_s
            settle_s = 0.0 if settling else self._settle_s
        until = now + settle_s
        self._until = min(until, self._planned) if now < self._planned else until
        self.early = EarlyEnd(condition.name, now, told, gave_up)
        self._live.duration_s = max(self._until - (self._began or 0.0), 0.1)
        self._live.say(now, f"the tracks end early: {condition.name}: {told}")
        text = f"{condition.name!r} ended the tracks early: {told}"
        self._writer.note(Note(now, "info", SOURCE, text))
        self.over.set()
        self._ended()


class Stuck:
    """Sees for how long the values of one probe track have not changed."""

    def __init__(self, condition: EndCondition) -> None:
        self.condition = condition
        self._last: tuple[object, ...] | None = None
        self._time: float | None = None
        """When it was last read, unless it could not be read since."""
        self._same_s = 0.0

    def told(self, record: ProbeRecord, began: float) -> str:
        """Take one observation; return what to give up for, or nothing.

        Only the time between two looks that both had a value counts, so that a system that cannot
        be seen is not taken for one that makes no progress.
        """
        one = self.condition
        if record.probe != one.gives_up_on or record.time < began + one.not_before_s:
            return ""
        if record.reason:
            self._time = None
            return ""
        values = _values(record, one.fields)
        # A table without an order may be told in any.
        rows = [] if one.fields else sorted(str(sorted(row.items())) for row in record.rows)
        seen = (values, rows)
        if seen != self._last:
            self._same_s = 0.0
        elif self._time is not None:
            self._same_s += record.time - self._time
        self._last, self._time = seen, record.time
        if self._same_s < one.unchanged_s:
            return ""
        stayed = _told(values, "stayed at") or "its rows stayed the same"
        return f"no progress for {text_of_seconds(one.unchanged_s)}: {stayed}"


def _values(record: ProbeRecord, fields: Sequence[str] = ()) -> list[tuple[str, Scalar]]:
    several = len(record.rows) > 1  # Then the main value is that of whichever row comes first.
    left_out = (*TIMES, "value") if several else TIMES
    names = fields or [name for name in record.fields if name not in left_out]
    return [(name, record.fields.get(name)) for name in names]


def _expected(probe: Probe) -> list[str]:
    """Return the fields that *probe* expects something of."""
    return list(probe.expect) if isinstance(probe.expect, Mapping) else ["value"]


def _told(values: Sequence[tuple[str, Scalar]], verb: str) -> str:
    cut = [(name, str(value)) for name, value in values if len(str(value)) <= _LETTERS_MAX]
    return ", ".join(f"{name} {verb} {value}" for name, value in cut[:_NAMED_MAX])
