"""Recording: what the workers of a race did, as the operations of a history in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Literal

from hormesis.engine.clock import LoopClock
from hormesis.testing.racing.outcomes import outcome_of
from hormesis.testing.racing.values import scalars_of
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended

LOAD = "race"
"""What the operations of a race are a load of."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One operation that has ended; times in seconds of the race."""

    name: str
    worker: int
    round: int
    due: float
    sent: float
    ended: float
    outcome: Ended
    error: str
    value: Mapping[str, Scalar]


@dataclass(slots=True)
class Running:
    """An operation that a worker is in the middle of."""

    name: str
    worker: int
    round: int
    due: float
    sent: float
    value: dict[str, Any] = field(default_factory=dict)


class Recorder:
    """Takes operations from several threads; ``running`` are those that have not ended yet."""

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock
        self.done: list[Recorded] = []
        self.running: list[Running] = []
        self.errors: list[BaseException] = []
        """What operations raised, those too that somebody caught outside of them."""
        self.by_hand: set[tuple[int, int]] = set()
        """Workers and rounds that recorded an operation by hand."""
        self._lock = Lock()

    def begin(self, name: str, worker: int, round_: int, due: float | None = None) -> Running:
        """Return an operation that begins now."""
        now = self.clock.now()
        one = Running(name, worker, round_, now if due is None else min(due, now), now)
        with self._lock:
            self.running.append(one)
        return one

    def end(self, one: Running, outcome: Ended = Ended.OK, error: str = "") -> None:
        """Record that *one* ended now; only the first end counts."""
        now = self.clock.now()
        value = scalars_of(one.value)
        with self._lock:
            if any(other is one for other in self.running):
                self.running = [other for other in self.running if other is not one]
                self.done.append(
                    Recorded(
                        one.name,
                        one.worker,
                        one.round,
                        one.due,
                        one.sent,
                        now,
                        outcome,
                        error,
                        value,
                    )
                )

    def raised(self, error: BaseException) -> bool:
        """Keep what an operation raised; return whether it was new."""
        with self._lock:
            new = all(other is not error for other in self.errors)
            if new:
                self.errors.append(error)
        return new

    def forget(self, one: Running) -> None:
        """Do not record *one*."""
        with self._lock:
            self.running = [other for other in self.running if other is not one]

    def cut_off(self) -> list[Running]:
        """Record everything that has not ended as a time-out, and return it."""
        left = list(self.running)
        for one in left:
            self.end(one, Ended.INFO, "timeout")
        return left


class Recording:
    """An operation as a context manager: whatever happens in its block ends up in the history."""

    def __init__(
        self, recorder: Recorder, name: str, worker: int, round_: int, value: dict[str, Any]
    ) -> None:
        self._recorder = recorder
        self._which = (name, worker, round_)
        self._value = value
        self._running: Running | None = None
        self._end: tuple[Ended, str] = (Ended.OK, "")

    def note(self, **value: Any) -> None:
        """Add to the recorded value; lists and mappings are recorded as JSON."""
        self._value.update(value)

    def fail(self, error: str) -> None:
        """Record that it definitely did not happen; *error* is a short stable word."""
        self._end = Ended.FAIL, error

    def info(self, error: str) -> None:
        """Record that nobody knows whether it happened; *error* is a short stable word."""
        self._end = Ended.INFO, error

    def __enter__(self) -> Recording:
        self._running = self._recorder.begin(*self._which)
        self._recorder.by_hand.add(self._which[1:])
        self._running.value = self._value
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if self._running is not None:
            end = self._end
            if error is not None:
                self._recorder.raised(error)
                end = outcome_of(error) if end[0] is Ended.OK else end
            self._recorder.end(self._running, *end)
        return False


def value_of(returned: object) -> dict[str, Any]:
    """Return what an operation returned as a value: itself, or its ``value``; None has none."""
    if returned is None:
        return {}
    if isinstance(returned, Mapping):
        return {str(name): value for name, value in returned.items()}
    return {"value": returned}
