"""Client: user code that performs operations as one virtual user.

A client class takes a :class:`User` and keyword options; ``iterate`` is one unit of work. Each
operation is wrapped in ``user.op`` so that it is recorded, whatever happens.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from random import Random
from typing import Any, Protocol

from hormesis.words.clock import Clock
from hormesis.words.kind import Kind, Scalar
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended


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
    tagging: int
    """Another number whenever the tags of what the user does have changed, by a group say."""
    clock: Clock

    @property
    def rng(self) -> Random:
        """This user's own stream of the run's seed."""
        ...

    @property
    def arrivals(self) -> bool:
        """Whether the load says when each iteration is due, so that a user need not wait."""
        ...

    def op(self, name: str, **value: Scalar) -> AbstractAsyncContextManager[Recording]:
        """Record the block as one operation.

        Leaving normally means ``ok`` unless ``fail`` or ``info`` was called. ``Refused`` and a
        refused connection mean ``fail``; any other exception, a time-out too, means ``info``. The
        exception goes on to the caller; the engine starts the next iteration after it.
        """
        ...

    def leave(self) -> None:
        """Do nothing more after this iteration; the client is closed then."""
        ...

    async def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the load is stopped."""
        ...

    async def rest(self, seconds: float) -> None:
        """Think for *seconds* with nothing left to do in this iteration.

        Ends early also when the load's time is over or this user is no longer wanted, because no
        iteration follows then.
        """
        ...

    def check(self, name: str, passed: object) -> bool:
        """Count a check as k6 does, in the metric ``checks``, tag ``check``; return whether it did.

        A check that did not pass does not end the iteration and does not fail the operation.
        """
        ...

    def add(
        self, sort: MetricSort, metric: str, value: float, tags: Mapping[str, str] | None = None
    ) -> None:
        """Add a value to a metric; durations are in seconds, of a rate it is 0 or 1."""
        ...

    def adder(
        self, sort: MetricSort, metric: str, tags: Mapping[str, str] | None = None
    ) -> Callable[[float], None]:
        """Return what adds a value to a metric, good for as long as ``tagging`` is the same."""
        ...

    def group(self, name: str) -> AbstractContextManager[None]:
        """Tag what the block does with the group, inside the one around it; time the block."""
        ...

    def take_due_ns(self, sent_ns: int) -> int:
        """Return when the operation that is sent at *sent_ns* was due.

        The first of an iteration was due when the iteration was; those after it when they are sent.
        Nanoseconds of the run.
        """
        ...

    def label(
        self, name: str, outcome: Ended, error: str = "", tags: Mapping[str, str] | None = None
    ) -> int:
        """Return the code of a label for :meth:`record`; tags of the user and group are added."""
        ...

    def record(
        self,
        label: int,
        due_ns: int,
        sent_ns: int,
        ended_ns: int,
        value: Mapping[str, Scalar] | None = None,
    ) -> None:
        """Record one operation that is over, which costs a tenth of what :meth:`op` costs.

        Times are nanoseconds of the run, as ``clock.now_ns()`` gives them.
        """
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

    def prepared(self, given: dict[str, Any]) -> AbstractAsyncContextManager[ClientKind]:
        """Do what all users need done once in a run; the context's value makes the users.

        The engine enters it before the load begins, in its own process, and leaves it however the
        run ends. *given* is for the kinds of a run to share what they made.
        """
        return nullcontext(self)

    @abstractmethod
    def make(self, user: User) -> Client:
        """Return the client of one virtual user."""

    def operations(self) -> frozenset[str] | None:
        """Return the names of all operations that its users may perform; None: only they know."""
        return None
