"""Self-watch: whether the load generator kept its own schedule.

CPU use alone proves nothing, a generator may use all of a core and be on time. What counts is how
late it was: its event loop, and arrivals that began late although a user was free.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hormesis.engine.loading.alarm import time_is_real
from hormesis.host.cpu_time import waited_for_cpu_s
from hormesis.record.histogram import Histogram
from hormesis.words.clock import Clock
from hormesis.words.history import LoadRecord

LAG_BUDGET_S = 0.25
"""A generator whose event loop or arrivals are later than this one time in a hundred is
saturated."""
STALLED_SHARE_MAX = 0.05
"""A generator whose event loop stood still for more of its time than this proves little."""
BUSY_SHARE = 0.95
"""So many CPU seconds per second are a whole core."""
BUSY_LAG_S = 0.05
"""A generator that uses a whole core and is later than this, one time in twenty, is saturated."""
STRETCH_S = 2.0
"""Over how long CPU use is measured."""
SHORT_S = 0.5
"""How long the last stretch must at least be to mean anything."""
EVERY_S = 0.05
TIMER_S = 0.001
"""How late a timer of an idle event loop may ring: it counts in whole milliseconds."""


class SelfWatch:
    """Takes readings while a load is played; all times in seconds."""

    def __init__(
        self,
        clock: Clock,
        cpu: Callable[[], float] = time.process_time,
        cpu_wait: Callable[[], float] = waited_for_cpu_s,
    ) -> None:
        self.late = array("d")
        """How late arrivals began although a user was free, since the last :meth:`gather`."""
        self.lag = Histogram()
        self.cpu_share = 0.0
        """CPU seconds per second of the busiest stretch."""
        self.cpu_wait_share = 0.0
        """Seconds per second that it was ready to run but had no CPU, in the worst stretch."""
        self._clock = clock
        # In virtual time a second has no CPU time that would mean anything.
        real = time_is_real()
        self._cpu = cpu if real else lambda: 0.0
        self._cpu_wait = cpu_wait if real else lambda: 0.0
        self._began = clock.now()
        self._arrivals = Histogram()
        self._stalled_s = 0.0
        self._busy = ""
        self._stretch = Histogram()
        self._stretch_began = (self._began, self._cpu(), self._cpu_wait())
        self._worst_s = 0.0
        self._told = self._stretch_began[:2]

    async def watch(self) -> None:
        """Take readings until cancelled."""
        while True:
            due = self._clock.now() + EVERY_S
            await self._clock.sleep_until(due)
            late = self._clock.now() - due
            self.lag.add(late)
            self._stretch.add(late)
            self._worst_s = max(self._worst_s, late)
            if late > LAG_BUDGET_S:
                self._stalled_s += late

    def health(self) -> tuple[float, float]:
        """Return the worst lateness, in seconds, and the CPU share since the last time."""
        now, used = self._clock.now(), self._cpu()
        lasted_s = now - self._told[0]
        share = (used - self._told[1]) / lasted_s if lasted_s > 0 else 0.0
        worst_s, self._worst_s, self._told = self._worst_s, 0.0, (now, used)
        return worst_s, share

    def gather(self, stretch_s: float = STRETCH_S) -> None:
        """Put together what came since the last time, so that memory stays bounded."""
        taken = self.late
        if taken:
            self.late = array("d")
            some = Histogram()
            some.add_many(np.maximum(np.array(taken), 0.0))
            self._arrivals.merge(some)
            self._stretch.merge(some)
        began, used, waited = self._stretch_began
        now = self._clock.now()
        if now - began >= stretch_s:
            readings = self._cpu(), self._cpu_wait()
            self._judge_stretch(now - began, readings[0] - used)
            share = (readings[1] - waited) / (now - began)
            self.cpu_wait_share = max(self.cpu_wait_share, share)
            self._stretch_began = (now, *readings)
            self._stretch = Histogram()

    def told_in(self, record: LoadRecord) -> LoadRecord:
        """Return the *record* of a load with what was read."""
        return replace(
            record,
            loop_lag_s=self.lag.highest or 0.0,
            cpu_share=round(self.cpu_share, 3),
            cpu_wait_share=round(self.cpu_wait_share, 3),
            late_p50_s=self.late_s(50),
            late_p95_s=self.late_s(95),
            late_p99_s=self.late_s(99),
        )

    def late_s(self, percent: float) -> float:
        """Return how late the generator itself was, in seconds: its event loop or its arrivals.

        Arrivals count that had a free user. Who waits for a user waits for the system under test.
        """
        loop = (self.lag.percentile(percent) or 0.0) - TIMER_S
        return max(loop, self._arrivals.percentile(percent) or 0.0, 0.0)

    def _judge_stretch(self, lasted_s: float, used_s: float) -> None:
        share = used_s / lasted_s
        late = self._stretch.percentile(95) or 0.0
        if share >= BUSY_SHARE and late > BUSY_LAG_S and share >= self.cpu_share:
            self._busy = (
                f"it used {share:.0%} of a core for {lasted_s:.0f} s and was {late * 1000:.0f} ms "
                f"late (p95, budget {BUSY_LAG_S * 1000:.0f} ms)"
            )
        self.cpu_share = max(self.cpu_share, share)

    def trouble(self) -> str:
        """Return what the figures of this load cannot be trusted for; empty: nothing."""
        self.gather(SHORT_S)
        late = self.lag.percentile(99) or 0.0
        behind = self._arrivals.percentile(99) or 0.0
        if max(late, behind) > LAG_BUDGET_S:
            what = "its event loop was" if late >= behind else "arrivals began"
            return (
                f"the load generator was saturated: {what} {max(late, behind) * 1000:.0f} ms "
                f"late (p99, budget {LAG_BUDGET_S * 1000:.0f} ms)"
            )
        lasted_s = self._clock.now() - self._began
        if self._stalled_s > STALLED_SHARE_MAX * lasted_s:
            # One long stall is a single reading, however much of the time it took.
            stalled = f"{self._stalled_s:.1f} s of {lasted_s:.1f} s"
            return f"the load generator stood still for {stalled}"
        return f"the load generator was saturated: {self._busy}" if self._busy else ""


class Watching:
    """A watch that goes on as long as the block runs."""

    def __init__(self, watch: SelfWatch) -> None:
        self._watch = watch
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> SelfWatch:
        self._task = asyncio.create_task(self._watch.watch())
        return self._watch

    def __exit__(self, *raised: object) -> None:
        if self._task is not None:
            self._task.cancel()
