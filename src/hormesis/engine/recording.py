"""Recording: every operation of every virtual user ends up in the history, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Literal

from hormesis.engine.waiting import sleep_unless
from hormesis.words.client import Refused
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended, Op

Sink = Callable[[Op], None]


class OpRecorder:
    """One operation as an async context manager; see :class:`hormesis.words.client.User`."""

    __slots__ = ("_due", "_user", "ended", "error", "name", "outcome", "sent", "value")

    def __init__(self, user: VirtualUser, name: str, due: float, value: dict[str, Scalar]) -> None:
        self._user = user
        self._due = due
        self.name = name
        self.value = value
        self.outcome = Ended.OK
        self.error = ""
        self.sent = 0.0
        self.ended = 0.0

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
        self.sent = self._user.clock.now()
        self._user.running.add(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self._user.recorded = error
        self._record(error)
        return False

    def cut(self) -> None:
        """Record it as cut off, because nobody waits for its end any more."""
        self._record(asyncio.CancelledError())

    def _record(self, error: BaseException | None) -> None:
        if self not in self._user.running:
            return
        self._user.running.remove(self)
        self.ended = self._user.clock.now()
        if error is not None and self.outcome is Ended.OK:
            self.outcome, self.error = _outcome_of(error)
        self._user.sink(
            Op(
                number=self._user.next_number(),
                load=self._user.load,
                name=self.name,
                user=self._user.number,
                due=self._due,
                sent=self.sent,
                ended=self.ended,
                outcome=self.outcome,
                error=self.error,
                value=self.value,
            )
        )


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
    return Ended.INFO, type(error).__name__


class VirtualUser:
    """What a client sees of the engine; see :class:`hormesis.words.client.User`."""

    def __init__(
        self,
        *,
        number: int,
        load: str,
        rng: Random,
        clock: Clock,
        sink: Sink,
        next_number: Callable[[], int],
        over: asyncio.Event,
    ) -> None:
        self.number = number
        self.load = load
        self.rng = rng
        self.clock = clock
        self.sink = sink
        self.next_number = next_number
        self.recorded: BaseException | None = None
        """The exception that the last operation ended with; raised elsewhere it is a bug."""
        self.running: set[OpRecorder] = set()
        """Operations that were begun and have not ended."""
        self._over = over
        self._due: float | None = None

    def due_at(self, moment: float) -> None:
        """Set when the next operation is due; those after it are due when they are sent."""
        self._due = moment

    def op(self, name: str, **value: Scalar) -> OpRecorder:
        """Record the block as one operation."""
        due, self._due = self._due, None
        return OpRecorder(self, name, self.clock.now() if due is None else due, value)

    async def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the load is stopped."""
        await sleep_unless(self._over, self.clock.now() + seconds, self.clock)
