"""Clients for tests of the load generator: what each iteration does is a function."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict

from hormesis.engine.generator import Generator
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.load import Load, Shape
from hormesis.words.op import Op
from hormesis.words.randomness import stream_of
from tests.virtual_time import virtual_clock

Work = Callable[[User], Awaitable[None]]


class Scripted(ClientKind):
    """Clients that do what a function says."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    work: Any
    opening: Any = None
    closing: Any = None
    making: Any = None
    """Called with the user before its client is made."""

    def make(self, user: User) -> Client:
        if self.making is not None:
            self.making(user)
        return ScriptedClient(user, self)


class ScriptedClient:
    def __init__(self, user: User, kind: Scripted) -> None:
        self.user = user
        self.kind = kind

    async def open(self) -> None:
        if self.kind.opening is not None:
            await self.kind.opening(self.user)

    async def iterate(self) -> None:
        await self.kind.work(self.user)

    async def close(self) -> None:
        if self.kind.closing is not None:
            await self.kind.closing(self.user)


class Shaped(Load):
    """A load of any shape."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    given: Any

    def shape(self) -> Shape:
        shape: Shape = self.given
        return shape


def taking(seconds: float, name: str = "work") -> Work:
    """Return an iteration of one operation that takes *seconds*."""

    async def work(user: User) -> None:
        async with user.op(name):
            await user.clock.sleep_until(user.clock.now() + seconds)

    return work


@dataclass
class Play:
    """One load on its own, and everything it recorded."""

    shape: Shape
    work: Work
    options: dict[str, Any] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    records: list[LoadRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = virtual_clock()
        track = LoadTrack(
            "main", Shaped(given=self.shape), Scripted(work=self.work, **self.options)
        )
        self.generator = Generator(
            track,
            clock=self.clock,
            sink=self.ops.append,
            numbers=itertools.count(1).__next__,
            rng_of=lambda number: stream_of(7, number),
            changed=self.records.append,
        )

    async def run(self, *, stop_at: float | None = None) -> LoadRecord:
        """Play it to its end, or stop it at a moment of its clock."""
        if stop_at is not None:
            asyncio.get_running_loop().call_later(stop_at, self.generator.stop)
        record = await self.generator.play()
        assert record is self.records[-1]
        assert not self.generator.users, "a user's task is left"
        return record

    def sent(self) -> list[float]:
        """Return when each operation was sent, in order."""
        return sorted(round(op.sent, 6) for op in self.ops)
