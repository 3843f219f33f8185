"""Held fault: a fault that lasts until it is let go, on one target or several."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from hormesis.engine.injecting import Injection, Surgery
from hormesis.words.history import FaultRecord
from hormesis.words.look import Reading
from hormesis.words.units import text_of_seconds


@dataclass(frozen=True)
class Course:
    """What has become of one action of a fault so far.

    ``held`` is what was seen last before it was released, ``last`` what was seen last of all.
    ``unseen`` says why its bite was not seen, ``ended_by`` what ended it before it was let go; each
    is empty where there is nothing to say.
    """

    record: FaultRecord
    held: Reading
    last: Reading
    unseen: str = ""
    ended_by: str = ""


class HeldFault:
    """Plays the injections of one fault; everything here belongs to the run's own loop."""

    def __init__(self, surgery: Surgery, why: str) -> None:
        self._free = asyncio.Event()
        self._news = asyncio.Event()
        self._run = surgery
        self._plays: list[asyncio.Task[None]] = []
        self._injections: list[Injection] = []
        self._ended_by: dict[str, str] = {}
        self.surgery = replace(
            surgery,
            stop=self._free,
            early=lambda: "" if surgery.in_haste else why,
            sink=self._heard,
        )
        """What its injections need: their own end, and the run's everything else."""

    def play(self, injection: Injection) -> None:
        """Let *injection* begin now."""
        self._injections.append(injection)
        play = asyncio.create_task(injection.play(self._run.clock.now()))
        play.add_done_callback(lambda _: self._news.set())
        self._plays.append(play)

    @property
    def courses(self) -> tuple[Course, ...]:
        """How each of its actions stands."""
        return tuple(
            Course(one.record, *one.readings, one.unseen, self._ended_by.get(one.action.id, ""))
            for one in self._injections
        )

    async def injected(self) -> tuple[Course, ...]:
        """Return once every action was injected, or cannot be any more."""
        return await self._until(lambda record: record.injected is not None)

    async def bitten(self, within_s: float) -> tuple[Course, ...]:
        """Return once every action was seen to bite, is over, or *within_s* seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                return await self._until(lambda record: record.bitten is not None)
        return self.courses

    def let_go(self) -> None:
        """Let every action be released; whatever is over already has ended too early."""
        if not self._free.is_set():
            self._ended_by = {one.action.id: _end_of(one) for one in self._injections}
        self._free.set()

    async def over(self) -> tuple[Course, ...]:
        """Return once every action is over: healed, or not seen to heal in time.

        Whoever waits may be cut off; the actions are not.
        """
        if self._plays:
            await asyncio.wait(self._plays)
        return self.courses

    async def _until(self, reached: Callable[[FaultRecord], bool]) -> tuple[Course, ...]:
        while True:
            self._news.clear()
            played = zip(self._injections, self._plays, strict=True)
            if all(play.done() or reached(one.record) for one, play in played):
                return self.courses
            await self._news.wait()

    def _heard(self, record: FaultRecord) -> None:
        self._run.sink(record)
        self._news.set()


def _end_of(one: Injection) -> str:
    """Return what has ended *one* by itself already; a momentary fault is over in any case."""
    record = one.record
    if one.action.fault.momentary or record.injected is None:
        return ""
    if record.released_by.startswith("custodian"):
        return f"the {record.released_by}"
    return f"its limit of {text_of_seconds(one.action.for_s)}" if one.ran_out else ""
