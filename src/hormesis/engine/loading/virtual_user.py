"""Virtual user: what a client sees of the engine; whatever it does ends up in the history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from types import TracebackType
from typing import Literal

from hormesis.engine.loading.bell import rouse
from hormesis.engine.loading.place import REMEMBERED_MAX, Place
from hormesis.engine.loading.scene import Scene
from hormesis.host.raised import is_bug, word_of
from hormesis.wire.core import UserMeter
from hormesis.words.client import Refused
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended
from hormesis.words.randomness import stream_of


class OpRecorder:
    """One operation as an async context manager; see :class:`hormesis.words.client.User`."""

    __slots__ = ("_due_ns", "_sent_ns", "_user", "error", "name", "outcome", "value")

    def __init__(self, user: VirtualUser, name: str, value: dict[str, Scalar]) -> None:
        self._user = user
        self._due_ns = 0
        self._sent_ns = 0
        self.name = name
        self.value = value
        self.outcome = Ended.OK
        self.error = ""

    def note(self, **value: Scalar) -> None:
        """Add to the recorded value."""
        self.value.update(value)

    def fail(self, error: str) -> None:
        """Record that it definitely did not happen."""
        self.outcome, self.error = Ended.FAIL, error

    def info(self, error: str) -> None:
        """Record that nobody knows whether it happened."""
        self.outcome, self.error = Ended.INFO, error

    async def __aenter__(self) -> OpRecorder:
        user = self._user
        user.scene.running.add(self)
        self._sent_ns = sent_ns = user.now_ns()
        self._due_ns = user.take_due_ns(sent_ns)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        # A mistake in the block is told as the client's trouble too, and not only counted here.
        self._user.recorded = None if error is None or is_bug(error) else error
        self._record(error)
        return False

    def cut(self) -> None:
        """Record it as cut off, because nobody waits for its end any more."""
        self._record(asyncio.CancelledError())

    def _record(self, error: BaseException | None) -> None:
        user = self._user
        ended_ns = user.now_ns()
        running = user.scene.running
        if self not in running:
            return
        running.remove(self)
        if error is not None and self.outcome is Ended.OK:
            self.outcome, self.error = _outcome_of(error)
        label = user.label(self.name, self.outcome, self.error)
        user.record(label, self._due_ns, self._sent_ns, ended_ns, self.value)


def _outcome_of(error: BaseException) -> tuple[Ended, str]:
    if isinstance(error, Refused):
        return Ended.FAIL, str(error) or "refused"
    if isinstance(error, ConnectionRefusedError):
        return Ended.FAIL, "refused"
    if isinstance(error, TimeoutError):
        return Ended.INFO, "timeout"
    if isinstance(error, asyncio.CancelledError):
        return Ended.INFO, "cut-off"
    if isinstance(error, ConnectionError):
        return Ended.INFO, "disconnected"
    return Ended.INFO, word_of(error)


class Group:
    """What a block does in a group is tagged with it, and timed."""

    __slots__ = ("_before", "_began_ns", "_name", "_user")

    def __init__(self, user: VirtualUser, name: str) -> None:
        self._user = user
        self._name = name
        self._before = user.place
        self._began_ns = 0

    def __enter__(self) -> None:
        user = self._user
        self._before = user.place
        user.go_to(self._before.inner(self._name))
        self._began_ns = user.now_ns()

    def __exit__(self, *raised: object) -> None:
        user = self._user
        took = user.place.took
        if took is not None:
            took((user.now_ns() - self._began_ns) * 1e-9)
        user.go_to(self._before)


class VirtualUser(UserMeter):
    """What a client sees of the engine; see :class:`hormesis.words.client.User`."""

    __slots__ = (
        "_hurried", "_record", "_resting", "_rng", "clock", "left", "load", "now_ns", "place",
        "recorded", "scene",
    )  # fmt: skip

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene.meter, number)
        self.scene = scene
        self.load = scene.load
        self.clock: Clock = scene.clock
        self.go_to(scene.place)
        self.recorded: BaseException | None = None
        """The exception that the last operation ended with, none of the code's own mistakes; what
        an iteration raises besides is a trouble of the client."""
        self.now_ns = scene.meter.now_ns
        self.left = False
        """Whether it does nothing more: its client is closed after this iteration."""
        self._record = scene.meter.record
        self._hurried = False
        self._resting: asyncio.Future[None] | None = None
        self._rng: Random | None = None

    @property
    def rng(self) -> Random:
        """Return the user's own stream of the seed."""
        # Its state takes 2.5 KB, so it is made for users that draw.
        if self._rng is None:
            self._rng = stream_of(self.scene.seed, "user", self.load, self.number)
        return self._rng

    @property
    def arrivals(self) -> bool:
        """Return whether the load says when each iteration is due."""
        return self.scene.arrivals

    def go_to(self, place: Place) -> None:
        """Tag everything from now on as what is done there."""
        self.place = place
        self.tagging = place.number
        self.checks = place.adders

    def leave(self) -> None:
        """Do nothing more after this iteration; the client is closed then."""
        self.left = True

    def op(self, name: str, **value: Scalar) -> OpRecorder:
        """Record the block as one operation."""
        return OpRecorder(self, name, value)

    async def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the load is stopped."""
        await self.scene.over.sleep(seconds)

    async def rest(self, seconds: float) -> None:
        """Think after the last thing of an iteration; ends early when no other is to begin."""
        ending = self.scene.ending
        if ending.rung or self._hurried or seconds <= 0:
            await ending.sleep(0)
            return
        self._resting = asyncio.get_running_loop().create_future()
        try:
            await ending.wait(self._resting, seconds)
        finally:
            self._resting = None

    def hurry(self) -> None:
        """Let it rest no more, not now and not after what it does, for no iteration follows."""
        self._hurried = True
        if self._resting is not None:
            rouse(self._resting)

    def take_time(self) -> None:
        """Let it rest again."""
        self._hurried = False

    def checked(self, name: str) -> Callable[[float], None]:
        """Return what counts a check, 1 passed and 0 not."""
        return self.place.checked(name)

    def add(
        self, sort: MetricSort, metric: str, value: float, tags: Mapping[str, str] | None = None
    ) -> None:
        """Add a value to a metric.

        Raises:
            ValueError: the metric is of another sort already.
        """
        self.place.adder(sort, metric, tags)(value)

    def adder(
        self, sort: MetricSort, metric: str, tags: Mapping[str, str] | None = None
    ) -> Callable[[float], None]:
        """Return what adds a value to a metric, good for as long as ``tagging`` is the same.

        Raises:
            ValueError: the metric is of another sort already.
        """
        return self.place.adder(sort, metric, tags)

    def group(self, name: str) -> Group:
        """Tag what the block does with the group, inside the one around it; time the block."""
        return Group(self, name)

    def label(
        self, name: str, outcome: Ended, error: str = "", tags: Mapping[str, str] | None = None
    ) -> int:
        """Return the code of a label; tags of the load and the group are added."""
        place = self.place
        if outcome is Ended.OK and not tags and not error:
            code = place.oks.get(name)
            if code is None:
                code = self.scene.meter.label(self.load, name, outcome, "", place.tags)
                if len(place.oks) < REMEMBERED_MAX:
                    place.oks[name] = code
            return code
        key: tuple[str, ...] = (name, outcome._value_, error)
        if tags:
            key += tuple(tags) + tuple(tags.values())
        code = place.labels.get(key)
        if code is None:
            every = {**place.tags, **tags} if tags else place.tags
            code = self.scene.meter.label(self.load, name, outcome, error, every)
            if len(place.labels) < REMEMBERED_MAX:
                place.labels[key] = code
        return code

    def record(
        self,
        label: int,
        due_ns: int,
        sent_ns: int,
        ended_ns: int,
        value: Mapping[str, Scalar] | None = None,
    ) -> None:
        """Record one operation that is over; times are nanoseconds of the run."""
        number = self._record(label, self.number, due_ns, sent_ns, ended_ns)
        if value:
            self.scene.values.append((number, value))
