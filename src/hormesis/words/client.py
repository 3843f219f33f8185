"""Client: user code that performs operations as one virtual user.

A client class takes a :class:`User` and keyword options; ``iterate`` is one unit of work. Each
operation is wrapped in ``user.op`` so that it is recorded, whatever happens.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Protocol

from hormesis.words.clock import Clock
from hormesis.words.kind import Kind, Scalar


class Refused(Exception):
    """Raise inside ``user.op`` when the operation definitely did not happen: it ends ``fail``."""


class Recording(Protocol):
    """One operation while it runs."""

    def note(self, **value: Scalar) -> None:
        """Add to the operation's recorded value."""
        ...

    def fail(self, error: str) -> None:
        """Record that it definitely did not happen; *error* is a short stable word."""
        ...

    def info(self, error: str) -> None:
        """Record that nobody knows whether it happened; *error* is a short stable word."""
        ...


class User(Protocol):
    """What the engine gives each virtual user."""

    number: int
    """From 1, unique within the load."""
    load: str
    rng: Random
    """This user's own stream of the run's seed."""
    clock: Clock

    def op(self, name: str, **value: Scalar) -> AbstractAsyncContextManager[Recording]:
        """Record the block as one operation.

        Leaving normally means ``ok`` unless ``fail`` or ``info`` was called. ``Refused`` and a
        refused connection mean ``fail``; any other exception, a time-out too, means ``info``. The
        exception goes on to the caller; the engine starts the next iteration after it.
        """
        ...

    async def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the load is stopped."""
        ...


class Client(Protocol):
    """A virtual user's behaviour."""

    async def open(self) -> None:
        """Prepare (connect, log in); not measured."""
        ...

    async def iterate(self) -> None:
        """Do one unit of work."""
        ...

    async def close(self) -> None:
        """Leave nothing behind."""
        ...


class ClientKind(Kind):
    """A configured way to make clients."""

    @abstractmethod
    def make(self, user: User) -> Client:
        """Return the client of one virtual user."""
