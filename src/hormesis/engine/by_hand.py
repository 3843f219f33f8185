"""By hand: how a program puts faults into a run that plays, and takes them out again.

The run plays on a loop of its own, in a thread of its own. A :class:`Hand` is what the program
holds of it: all its methods may be called from any thread. While a hand is on a run, its tracks
phase lasts until the hand lets go.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

from hormesis.engine.held_fault import HeldFault
from hormesis.engine.injecting import Injection, Surgery
from hormesis.engine.waiting import sleep_unless
from hormesis.words.outcome import ExitCode
from hormesis.words.randomness import stream_of
from hormesis.words.timeline import FaultAction
from hormesis.words.trouble import Trouble

T = TypeVar("T")
LET_GO = "was let go by the program"
"""Why a fault that is held by hand ends before the longest that it may last."""


class RunEnded(Trouble):
    """The run is over although the program did not let it go, or wants more of it."""

    code = ExitCode.UNKNOWN


class Hand:
    """The hand on one run."""

    def __init__(self) -> None:
        self.began: Future[None] = Future()
        """Done once faults can be injected."""
        self.ended: Future[None] = Future()
        """Done once the run is over and everything is undone, as far as it could be."""
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._with: Surgery | None = None
        self._seed = 0
        self._pid = 0
        self._injections: list[Injection] = []
        self._held: list[HeldFault] = []
        self._let_go = asyncio.Event()
        self._wanted = False

    def take(self, fault: Sequence[FaultAction]) -> Future[HeldFault]:
        """Begin the actions of one fault; what comes is held until it is released.

        Raises:
            RunEnded: the run is over.
        """
        return self.ask(lambda: self._take(fault))

    def ask(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        """Let the run's own loop do *work*.

        Raises:
            RunEnded: the run is over.
        """
        with self._lock:
            if self._loop is None:
                raise RunEnded("the run is over: no fault can begin, and none is on any more")
            if os.getpid() != self._pid:
                raise RunEnded("the run belongs to the process that began it, not to a fork of it")
            return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def end(self, why: BaseException) -> None:
        """Note that the run is over, because of *why* if it never began."""
        if not self.began.done():
            self.began.set_exception(why)
        self.ended.set_result(None)

    def let_go(self) -> None:
        """Let the run end in good order; every fault that is still held is released."""
        with self._lock:
            self._wanted = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._let_go.set)

    async def guide(
        self, surgery: Surgery, seed: int, injections: list[Injection]
    ) -> None:
        """Hold the tracks of a run open until the hand lets go or the run is to end.

        *injections* are those of the run; the hand adds its own. Faults that are cut off when this
        is cancelled are released all the same.
        """
        self._with, self._seed, self._injections = surgery, seed, injections
        with self._lock:
            self._loop, self._pid = asyncio.get_running_loop(), os.getpid()
            if self._wanted:
                self._let_go.set()
        try:
            if not self.began.done():
                self.began.set_result(None)
            await _first(self._let_go, surgery.stop)
        finally:
            with self._lock:
                self._loop = None
            await self._release_all()
        # What watches the system is to see it after the last fault as well.
        settled = surgery.clock.now() + surgery.limits.settle_s
        await sleep_unless(surgery.stop, settled, surgery.clock)

    async def _release_all(self) -> None:
        for one in self._held:
            one.let_go()
        await asyncio.gather(*(one.over() for one in self._held))

    async def _take(self, actions: Sequence[FaultAction]) -> HeldFault:
        if self._loop is None or self._with is None:
            raise RunEnded("the run is over: no fault can begin, and none is on any more")
        held = HeldFault(self._with, LET_GO)
        self._held.append(held)
        for action in actions:
            rng = stream_of(self._seed, action.stream)
            injection = Injection(action, held.surgery, rng)
            self._injections.append(injection)
            told = f"{action.id}: {action.fault.describe()} on {action.target.name}"
            self._with.note("info", "by hand", told)
            held.play(injection)
        return held


async def _first(*events: asyncio.Event) -> None:
    """Return once one of *events* is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
