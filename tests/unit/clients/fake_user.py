"""A user without an engine: it keeps what was recorded, and its time only moves by pauses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random

from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def now_ns(self) -> int:
        return round(self.time * 1e9)

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
        self.tags: Mapping[str, str] = {}
        self.times: tuple[int, int, int] = (0, 0, 0)

    def note(self, **value: Scalar) -> None:
        self.value.update(value)

    def fail(self, error: str) -> None:
        self.outcome, self.error = "fail", error

    def info(self, error: str) -> None:
        self.outcome, self.error = "info", error


@dataclass(frozen=True)
class FakeLabel:
    name: str
    outcome: Ended
    error: str
    tags: Mapping[str, str] = field(default_factory=dict)


class FakeUser:
    def __init__(self, number: int = 1, load: str = "claims", seed: int = 7) -> None:
        self.number = number
        self.load = load
        self.rng = Random(seed)
        self.time = FakeClock()
        self.clock: Clock = self.time
        self.tagging = 0
        self.arrivals = False
        self.groups: list[str] = []
        self.ops: list[FakeRecording] = []
        self.pauses: list[float] = []
        self.rests: list[float] = []
        self.checks: list[tuple[str, bool]] = []
        self.added: list[tuple[MetricSort, str, float, Mapping[str, str]]] = []
        self.labels: list[FakeLabel] = []
        self.due_ns = -1
        self.left = False

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

    def leave(self) -> None:
        self.left = True

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time.time += seconds

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        await self.pause(seconds)

    def check(self, name: str, passed: object) -> bool:
        self.checks.append((name, bool(passed)))
        return bool(passed)

    def add(
        self, sort: MetricSort, metric: str, value: float, tags: Mapping[str, str] | None = None
    ) -> None:
        self.added.append((sort, metric, value, tags or {}))

    def adder(
        self, sort: MetricSort, metric: str, tags: Mapping[str, str] | None = None
    ) -> Callable[[float], None]:
        return lambda value: self.add(sort, metric, value, tags)

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        self.groups.append(name)
        self.tagging += 1
        yield
        self.tagging -= 1
        self.groups.pop()

    def take_due_ns(self, sent_ns: int) -> int:
        due_ns, self.due_ns = self.due_ns, -1
        return sent_ns if due_ns < 0 else due_ns

    def label(
        self, name: str, outcome: Ended, error: str = "", tags: Mapping[str, str] | None = None
    ) -> int:
        group = {"group": "::" + "::".join(self.groups)} if self.groups else {}
        self.labels.append(FakeLabel(name, outcome, error, {**group, **(tags or {})}))
        return len(self.labels) - 1

    def record(
        self,
        label: int,
        due_ns: int,
        sent_ns: int,
        ended_ns: int,
        value: Mapping[str, Scalar] | None = None,
    ) -> None:
        row = self.labels[label]
        made = FakeRecording(row.name, dict(value or {}))
        made.outcome, made.error, made.tags = row.outcome.value, row.error, row.tags
        made.times = (due_ns, sent_ns, ended_ns)
        self.ops.append(made)

    def told(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.outcome, one.error) for one in self.ops]

    def sum_of(self, metric: str) -> float:
        return sum(value for _, name, value, _ in self.added if name == metric)
