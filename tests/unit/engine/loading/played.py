"""Loads played in virtual time, and everything that came out of them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hormesis.engine.clock import LoopClock
from hormesis.engine.loading.drain import Value
from hormesis.engine.loading.player import Player
from hormesis.wire.meter import Meter
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.load import Closed, Shape
from hormesis.words.metric import MetricSlice
from hormesis.words.op import Ended, Op
from tests.unit.engine.scripted_client import Scripted, Shaped, Work
from tests.virtual_time import virtual_clock

OUTCOMES = (Ended.OK, Ended.FAIL, Ended.INFO)


def constant(users: int, duration_s: float, pace_s: float = 0.0) -> Closed:
    """Return the shape of so many users all the time."""
    return Closed(lambda passed: users, users, duration_s, pace_s)


@dataclass
class Heard:
    """An output that keeps what it is given, read back as operations."""

    ops_: list[Op] = field(default_factory=list)
    drops: list[float] = field(default_factory=list)
    """When each dropped arrival was due."""
    slices: list[MetricSlice] = field(default_factory=list)
    records: list[LoadRecord] = field(default_factory=list)
    _labels: list[Any] = field(default_factory=list)
    _values: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _chunks: list[bytes] = field(default_factory=list)

    def ops(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def labels(self, rows: Sequence[Any]) -> None:
        self._labels += rows

    def values(self, values: Sequence[Value]) -> None:
        self._values.update(values)

    def metrics(self, slices: Sequence[MetricSlice]) -> None:
        self.slices += slices

    def load(self, record: LoadRecord) -> None:
        self.records.append(record)

    def read(self) -> Heard:
        """Make operations and drops of the chunks."""
        for number, user, due, lag, took, label in struct.iter_unpack(
            "<IIqIII", b"".join(self._chunks)
        ):
            load, name, outcome, error, tags = self._labels[label]
            if outcome == len(OUTCOMES):
                self.drops.append(due / 1e6)
                continue
            sent = due + lag
            self.ops_.append(
                Op(
                    number=number, load=load, name=name, user=user, due=due / 1e6, sent=sent / 1e6,
                    ended=(sent + took) / 1e6, outcome=OUTCOMES[outcome], error=error,
                    value=self._values.get(number, {}), tags=tags,
                )
            )  # fmt: skip
        self._chunks.clear()
        return self

    def total(self, metric: str) -> float:
        """Return the sum over all slices of a metric."""
        return sum(one.total for one in self.slices if one.metric == metric)


@dataclass
class Play:
    """One load on its own, and everything it recorded."""

    shape: Shape
    work: Work
    options: dict[str, Any] = field(default_factory=dict)
    track: dict[str, Any] = field(default_factory=dict)
    part: int = 0
    parts: int = 1

    def __post_init__(self) -> None:
        self.clock: LoopClock = virtual_clock()
        self.heard = Heard()
        client = Scripted(work=self.work, **self.options)
        self.player = Player(
            [LoadTrack("main", Shaped(given=self.shape), client, **self.track)],
            part=self.part,
            parts=self.parts,
            seed=7,
            clock=self.clock,
            meter=Meter(now_ns=self.clock.now_ns, first=self.part + 1, step=self.parts),
            output=self.heard,
        )

    async def run(self, *, stop_at: float | None = None) -> LoadRecord:
        """Play it to its end, or stop it at a moment of its clock."""
        if stop_at is not None:
            asyncio.get_running_loop().call_later(stop_at, self.player.stop)
        await self.player.play(self.clock.now())
        assert not self.player.users, "a user's task is left"
        return self.read()

    def read(self) -> LoadRecord:
        """Return the load's record, after reading what was recorded."""
        self.heard.read()
        record = self.heard.records[-1]
        assert record is self.player.records["main"]
        assert record.iterations == self.heard.total("iterations")
        assert record.dropped == self.heard.total("dropped_iterations")
        assert record.waited == self.heard.total("waited_iterations")
        return record

    @property
    def ops(self) -> list[Op]:
        """The operations, in the order in which they ended."""
        return self.heard.ops_

    def sent(self) -> list[float]:
        """Return when each operation was sent, in order."""
        return sorted(round(op.sent, 6) for op in self.ops)
