"""Virtual users of the engine on a real clock, and what they recorded."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hormesis.clients.session.http_session import HttpSession
from hormesis.engine.clock import LoopClock
from hormesis.engine.loading.scene import Scene
from hormesis.engine.loading.virtual_user import VirtualUser
from hormesis.record.op_record import RECORD
from hormesis.wire.core import Meter


@dataclass(frozen=True)
class Recorded:
    """One operation as it was recorded."""

    name: str
    outcome: str
    error: str
    tags: Mapping[str, str]
    due_us: int
    lag_us: int
    took_us: int
    value: Mapping[str, Any]


class Stage:
    """Everything users of one load record into."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.meter = Meter(zero_ns=time.monotonic_ns() - self.clock.now_ns())
        self.scene = Scene("l", seed=7, clock=self.clock, meter=self.meter)
        self._labels: list[Any] = []
        self._ops: list[Recorded] = []

    def user(self, number: int = 1) -> VirtualUser:
        return VirtualUser(self.scene, number)

    @property
    def ops(self) -> list[Recorded]:
        """Return all operations recorded so far."""
        self._labels += self.meter.take_labels()
        values = dict(self.scene.values)
        for number, _, due_us, lag_us, took_us, label in RECORD.iter_unpack(self.meter.take_ops()):
            _, name, outcome, error, tags = self._labels[label]
            self._ops.append(
                Recorded(
                    name, ("ok", "fail", "info")[outcome], error, tags, due_us, lag_us, took_us,
                    values.get(number, {}),
                )
            )  # fmt: skip
        return self._ops

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.outcome, one.error) for one in self.ops]

    def metrics(self) -> dict[str, float]:
        """Return the totals of the metrics since the last call."""
        totals: dict[str, float] = {}
        for one in self.scene.gathering.take(0.0):
            totals[one.metric] = totals.get(one.metric, 0.0) + one.total
        return totals


@asynccontextmanager
async def session_at(
    url: str, stage: Stage | None = None, **options: Any
) -> AsyncIterator[tuple[HttpSession, Stage]]:
    stage = stage or Stage()
    session = HttpSession(stage.user(), url, **options)
    try:
        yield session, stage
    finally:
        await session.close()
