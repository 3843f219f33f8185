from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from hormesis.engine.crew.messages import (
    Begin,
    Broke,
    Configure,
    Ended,
    Health,
    Imports,
    Message,
    Messages,
    Ops,
    Ready,
    Record,
    Share,
    packed,
)
from hormesis.engine.crew.worker import SILENCE_MAX_S, Worker
from hormesis.words.history import LoadRecord
from tests.unit.engine.crew.load_tracks import track
from tests.virtual_time import virtual_clock, virtually


class FakeLine:
    """A line whose other end is the test."""

    def __init__(self) -> None:
        self.told = ""
        self.how = ""
        self.killed = False
        self.heard: list[Message] = []
        self._messages = Messages()
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue()

    def says(self, *messages: Message) -> None:
        for message in messages:
            self._inbox.put_nowait(packed(message))

    def dies(self, how: str) -> None:
        self.how = how
        self._inbox.put_nowait(b"")

    def send(self, data: bytes) -> None:
        self.heard += self._messages.feed(data)

    async def receive(self) -> bytes:
        return await self._inbox.get()

    async def ended(self, within_s: float) -> str:
        return self.how

    def kill(self) -> None:
        self.killed = True
        self._inbox.put_nowait(b"")

    async def close(self, grace_s: float = 1.0) -> None:
        self.kill()


@dataclass
class Taken:
    """An output that keeps what it gets."""

    chunks: list[bytes] = field(default_factory=list)

    def ops(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    def labels(self, rows: list[Any]) -> None: ...
    def values(self, values: list[Any]) -> None: ...
    def metrics(self, slices: list[Any]) -> None: ...
    def load(self, record: LoadRecord) -> None: ...


class Stand:
    """Worker 2 of 4, which plays a quarter of two loads, and its line."""

    def __init__(self) -> None:
        self.clock = virtual_clock()
        self.taken = Taken()
        self.line = FakeLine()
        tracks = (track("x", "users", 400), track("y", "users", 400))
        configure = Configure(
            (Share(tracks, part=1, parts=4),), seed=1, zero_ns=0, wall=0.0, first=3, step=5,
            version="",
        )  # fmt: skip
        self.worker = Worker(2, 4, configure, clock=self.clock, output=self.taken)
        self.worker.takes(self.line)

    async def until(self, moment: float) -> None:
        """Let time pass, and let the worker be looked after."""
        while self.clock.now() < moment - 1e-6:
            await self.clock.sleep_until(min(moment, self.clock.now() + 0.25))
            self.worker.look()


@virtually
async def test_a_worker_plays_and_ends() -> None:
    stand = Stand()
    assert [type(one) for one in stand.line.heard] == [Imports, Configure]
    stand.line.says(Ready())
    await stand.worker.ready.wait()
    stand.worker.begin(0.5)
    assert stand.line.heard[2:] == [Begin(0.5)]
    stand.line.says(Health(7), Ops(b"abc"), Record(LoadRecord("x", 0.5)))
    await stand.until(1.0)
    assert stand.worker.users == 7
    assert stand.taken.chunks == [b"abc"]
    assert set(stand.worker.records) == {"x"}
    stand.line.says(Ended("no client"))
    stand.line.dies("")
    await stand.worker.over.wait()
    assert stand.worker.unmade == "no client"
    assert stand.worker.lost == {}


@virtually
async def test_a_dead_worker_loses_what_it_had_not_finished() -> None:
    stand = Stand()
    stand.line.says(Record(LoadRecord("x", 1.0, users=3)), Record(LoadRecord("y", 1.0, 2.0)))
    await stand.until(1.1)
    stand.line.dies("signal 9")
    await stand.worker.over.wait()
    assert stand.worker.lost == {
        "x": "worker 2 of 4 died at 1.1 s (signal 9): its quarter of load x was lost from then on"
    }
    ended = stand.worker.records["x"].ended
    assert ended is not None
    assert round(ended, 2) == 1.1


@virtually
async def test_an_exception_in_a_worker_is_told() -> None:
    stand = Stand()
    stand.line.says(Broke("OSError: no room"))
    stand.line.dies("exit status 1")
    await stand.worker.over.wait()
    assert "(exit status 1: OSError: no room): its quarter of load x" in stand.worker.lost["x"]


@virtually
async def test_a_load_that_a_broken_worker_cut_off_did_not_end_as_it_should() -> None:
    stand = Stand()
    stand.line.says(Record(LoadRecord("x", 1.0, 2.0)), Broke("its users ended the program"))
    stand.line.dies("")
    await stand.worker.over.wait()
    assert "(its users ended the program): its quarter of load x" in stand.worker.lost["x"]


@virtually
async def test_the_last_words_of_a_crash_are_told() -> None:
    stand = Stand()
    stand.line.told = "hello\nTraceback …\nMemoryError: all of it\n\n"
    stand.line.dies("exit status 3")
    await stand.worker.over.wait()
    assert "(exit status 3: MemoryError: all of it)" in stand.worker.lost["x"]


@virtually
async def test_a_worker_that_speaks_nonsense_is_lost() -> None:
    stand = Stand()
    stand.line.says(Begin(1.0))
    await stand.worker.over.wait()
    assert stand.line.killed
    assert "worker 2 of 4 said Begin" in stand.worker.lost["x"]


@virtually
async def test_a_silence_is_told_with_its_length() -> None:
    stand = Stand()
    stand.line.says(Health(1))
    await stand.until(1.9)
    assert stand.worker.troubles() == []
    await stand.until(2.4)
    assert stand.worker.troubles() == ["worker 2 of 4 was not heard of for 2.4 s from 0.0 s on"]
    await stand.until(3.0)
    stand.line.says(Health(1))
    await stand.until(4.0)
    assert stand.worker.troubles() == ["worker 2 of 4 was not heard of for 3.0 s from 0.0 s on"]
    assert not stand.worker.over.is_set()


@virtually
async def test_a_worker_that_stays_silent_is_given_up_from_when_it_fell_silent() -> None:
    stand = Stand()
    await stand.until(1.0)
    stand.line.says(Health(1))
    await stand.until(SILENCE_MAX_S + 2.0)
    assert stand.worker.over.is_set()
    assert stand.line.killed
    assert stand.worker.lost["y"] == (
        "worker 2 of 4 was lost at 1.0 s (not heard of for 15 s): its quarter of load y was lost "
        "from then on"
    )
    await stand.worker.close()


@virtually
async def test_times_of_a_clock_that_drifts_are_put_right() -> None:
    stand = Stand()
    stand.worker.shift_us = lambda: -256
    stand.line.says(Ops(bytes(8) + (1000).to_bytes(8, "little") + bytes(12)))
    await stand.until(0.5)
    assert stand.taken.chunks == [bytes(8) + (744).to_bytes(8, "little") + bytes(12)]


@virtually
async def test_a_worker_that_does_not_start_says_why() -> None:
    stand = Stand()
    stand.line.says(Broke("ImportError: nothing"))
    stand.line.dies("exit status 1")
    expected = "worker 2 of 4 did not start: exit status 1: ImportError: nothing"
    assert await stand.worker.started(5.0) == expected
    assert await Stand().worker.started(5.0) == "worker 2 of 4 did not start in 5 s"


@virtually
async def test_a_worker_that_is_stopped_before_it_begins_had_started() -> None:
    stand = Stand()
    stand.line.says(Ready(), Ended())
    stand.line.dies("")
    await stand.worker.over.wait()
    assert await stand.worker.started(5.0) == ""


@virtually
async def test_what_cannot_be_written_reaches_whoever_plays() -> None:
    stand = Stand()

    def full(chunk: bytes) -> None:
        raise OSError("no space left")

    stand.taken.ops = full  # type: ignore[method-assign]
    stand.line.says(Ops(b"abc"))
    with pytest.raises(OSError, match="no space left"):
        await stand.worker.play()
    assert stand.line.killed
