"""A user without an engine: it keeps what was recorded, and its time only moves by pauses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep_until(self, moment: float) -> None:
        self.time = max(self.time, moment)


class FakeRecording:
    def __init__(self, name: str, value: dict[str, Scalar]) -> None:
        self.name = name
        self.value = value
        self.outcome = "open"
        self.error = ""

    def note(self, **value: Scalar) -> None:
        self.value.update(value)

    def fail(self, error: str) -> None:
        self.outcome, self.error = "fail", error

    def info(self, error: str) -> None:
        self.outcome, self.error = "info", error


class FakeUser:
    def __init__(self, number: int = 1, load: str = "claims", seed: int = 7) -> None:
        self.number = number
        self.load = load
        self.rng = Random(seed)
        self.time = FakeClock()
        self.clock: Clock = self.time
        self.ops: list[FakeRecording] = []
        self.pauses: list[float] = []

    @asynccontextmanager
    async def op(self, name: str, **value: Scalar) -> AsyncIterator[FakeRecording]:
        recording = FakeRecording(name, dict(value))
        self.ops.append(recording)
        try:
            yield recording
        except BaseException as error:
            recording.info(type(error).__name__)
            raise
        if recording.outcome == "open":
            recording.outcome = "ok"

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time.time += seconds

    def told(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.outcome, one.error) for one in self.ops]
