"""Clients for tests of the load generator: what each iteration does is a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ConfigDict

from hormesis.words.client import Client, ClientKind, User
from hormesis.words.load import Load, Shape

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
