"""A worker as the engine sees it: what it was given, what it says, and how it was lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from hormesis.engine.crew.merging import share_in_words
from hormesis.engine.crew.messages import (
    Begin,
    Broke,
    Configure,
    Ended,
    Health,
    Imports,
    Labels,
    Message,
    Messages,
    Metrics,
    Ops,
    Ready,
    Record,
    Stop,
    Values,
    packed,
)
from hormesis.engine.crew.op_shift import shifted
from hormesis.words.clock import Clock
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.metric import MetricSlice

SILENCE_TOLD_S = 2.0
"""A worker that says nothing for longer is frozen or overloaded, and that is told."""
SILENCE_MAX_S = 15.0
"""A worker that says nothing for so long is given up."""
END_S = 2.0
"""How long a worker that has closed its line may take to end."""


class Line(Protocol):
    """The connection to a worker, here or on another machine."""

    told: str

    def send(self, data: bytes) -> None:
        """Send bytes, without waiting for them to leave."""
        ...

    async def receive(self) -> bytes:
        """Return bytes as they come; empty when there will be no more."""
        ...

    async def ended(self, within_s: float) -> str:
        """Return how the worker ended; empty: as it should."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    async def close(self, grace_s: float = ...) -> None:
        """End it in good order."""
        ...


class Output(Protocol):
    """Where what a process measured is written."""

    def ops(self, chunk: bytes) -> None:
        """Take operation records."""
        ...

    def labels(self, rows: list[Any]) -> None:
        """Take rows of the table of labels."""
        ...

    def values(self, values: list[tuple[int, Mapping[str, Any]]]) -> None:
        """Take what single operations were about."""
        ...

    def metrics(self, slices: list[MetricSlice]) -> None:
        """Take slices of metrics."""
        ...

    def load(self, record: LoadRecord) -> None:
        """Take one load as it stands."""
        ...


class Worker:
    """One worker of a crew of ``count``; ``number`` counts from 1."""

    def __init__(
        self, number: int, count: int, configure: Configure, *, clock: Clock, output: Output
    ) -> None:
        self.name = f"worker {number} of {count}"
        self.where = ""
        """Its machine, when that is another one."""
        self.users = 0
        self.unmade = ""
        self.records: dict[str, LoadRecord] = {}
        self.lost: dict[str, str] = {}
        """What of which load was lost with it."""
        self.silences: list[tuple[float, float]] = []
        """When it was not heard of for too long: from and until, in seconds of the run."""
        self.shift_us: Callable[[], int] = lambda: 0
        """How much is to be added to its times, for its clock drifts."""
        self.ready = asyncio.Event()
        self.over = asyncio.Event()
        """Set when nothing more will come of it, for whatever reason."""
        self.how = ""
        """How it was lost."""
        self._configure = configure
        self._clock = clock
        self._output = output
        self._line: Line | None = None
        self._heard = clock.now()
        self._silent = False
        self._complete = False
        self._broke = ""
        self._listening: asyncio.Task[None] | None = None

    def takes(self, line: Line) -> None:
        """Give it its line and its orders, and begin to listen.

        Raises:
            Exception: whatever a client raises that cannot be pickled.
        """
        orders = packed(self._configure)
        self._line = line
        self._heard = self._clock.now()
        line.send(packed(Imports(tuple(sys.path))))
        line.send(orders)
        self._listening = asyncio.create_task(self._listen())

    def begin(self, began: float) -> None:
        """Let it play; *began* is the moment the tracks begin."""
        self._heard = self._clock.now()
        self._say(Begin(began))

    def stop(self, *, gently: bool = False) -> None:
        """Tell it that no iteration is to begin any more; see :class:`Stop`."""
        self._say(Stop(gently))

    def _say(self, message: Message) -> None:
        if self._line is not None and not self.over.is_set():
            self._line.send(packed(message))

    async def _listen(self) -> None:
        """Take what it says until it has ended; then it is known how.

        Raises:
            OSError: what it measured cannot be written.
        """
        line = self._line
        if line is None:
            return
        messages = Messages()
        try:
            while data := await line.receive():
                self._hear()
                for message in messages.feed(data):
                    self._take(message)
        except ValueError as error:
            self._broke = self._broke or str(error)
            line.kill()
        except OSError:
            self.give_up("what it measured cannot be written")
            raise
        how = await line.ended(END_S)
        if not self._complete and not self.over.is_set():
            self._is_lost(self._reason(how, line.told))
        self.over.set()

    def _reason(self, how: str, told: str) -> str:
        """Return how it was lost and its last words, if it had any to say about that."""
        lines = [line.strip() for line in told.splitlines() if line.strip()]
        crashed = how.startswith("exit status") and lines
        word = self._broke or (lines[-1] if crashed else "")
        return ": ".join(part for part in (how, word) if part) or "it ended early"

    def _take(self, message: Message) -> None:
        match message:
            case Ops(chunk):
                self._output.ops(shifted(chunk, self.shift_us()))
            case Labels(rows):
                self._output.labels(rows)
            case Values(values):
                self._output.values(values)
            case Metrics(slices):
                self._output.metrics(slices)
            case Record(record):
                self.records[record.load] = record
            case Health(users, unmade):
                self.users, self.unmade = users, unmade
            case Ready():
                self.ready.set()
            case Broke(text):
                self._broke = text
            case Ended(unmade):
                self.users, self.unmade, self._complete = 0, unmade, True
            case _:
                raise ValueError(f"{self.name} said {type(message).__name__}")

    def _hear(self) -> None:
        self._heard = self._clock.now()
        if self._silent:
            self._silent = False
            self.silences[-1] = (self.silences[-1][0], self._heard)

    def look(self) -> None:
        """Notice that it has not said anything for too long."""
        now = self._clock.now()
        if self.over.is_set() or self._complete or now - self._heard <= SILENCE_TOLD_S:
            return
        if not self._silent:
            self._silent = True
            self.silences.append((self._heard, now))
        self.silences[-1] = (self._heard, now)
        if now - self._heard > SILENCE_MAX_S:
            self.give_up(f"not heard of for {SILENCE_MAX_S:g} s")

    def give_up(self, how: str) -> None:
        """Wait for it no longer."""
        if self.over.is_set():
            return
        self._is_lost(how)
        self.over.set()
        if self._line is not None:
            self._line.kill()

    def _is_lost(self, how: str) -> None:
        """Write down what is lost with it: of each load that it had not finished, its share."""
        now = self._clock.now()
        moment = self._heard if self._silent else now
        self.how = how
        self.users = 0
        died = how.startswith(("signal", "exit status"))
        for track, parts in self.loads():
            load = track.name
            record = self.records.get(load)
            if record is not None and record.ended is not None and not self._broke:
                continue
            self.lost[load] = (
                f"{self.full_name} {'died' if died else 'was lost'} at {moment:.1f} s ({how}): "
                f"{share_in_words(parts)} of load {load} was lost from then on"
            )
            started = record or LoadRecord(load=load, started=moment)
            self.records[load] = replace(started, ended=now)

    def loads(self) -> Sequence[tuple[LoadTrack, int]]:
        """Return its loads, each with the number of processes that play it."""
        return [(track, share.parts) for share in self._configure.shares for track in share.tracks]

    @property
    def full_name(self) -> str:
        """Its name with its machine."""
        return f"{self.name} ({self.where})" if self.where else self.name

    def troubles(self) -> list[str]:
        """Return its silences in words."""
        return [
            f"{self.full_name} was not heard of for {until - since:.1f} s from {since:.1f} s on"
            for since, until in self.silences
        ]

    async def play(self) -> None:
        """Wait until nothing more comes of it.

        Raises:
            OSError: what it measured cannot be written.
        """
        await self.over.wait()
        listening = self._listening
        if listening is not None and listening.done() and not listening.cancelled():
            listening.result()

    async def started(self, within_s: float) -> str:
        """Wait until it is ready; return why it will never be, or nothing."""
        waits = {asyncio.create_task(self.ready.wait()), asyncio.create_task(self.over.wait())}
        try:
            await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.ready.is_set():
            return ""
        if self.over.is_set():
            return f"{self.full_name} did not start: {self.how}"
        return f"{self.full_name} did not start in {within_s:g} s"

    async def close(self) -> None:
        """End it, whatever it does; closing twice is harmless."""
        try:
            if self._line is not None:
                await self._line.close()
        finally:
            if self._listening is not None:
                self._listening.cancel()
                await asyncio.wait({self._listening})
