"""Load generator: the load engine beside a test, on the test's own database.

The engine is that of every run: open and closed models, response counted from when an operation was
due, dropped arrivals counted, and its own lateness measured. It plays in a thread of its own.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from hormesis.compose.by_hand import RUNS
from hormesis.engine.bounded_run import run_bounded
from hormesis.engine.clock import LoopClock
from hormesis.engine.loading.player import Player
from hormesis.engine.waiting import Late, wait_until
from hormesis.loads.constant_arrival_rate import ConstantArrivalRate
from hormesis.loads.constant_vus import ConstantVus
from hormesis.record.history_writer import HistoryWriter
from hormesis.testing.loading.calls import Calls, Params
from hormesis.testing.loading.figures import LoadFigures, figures_of
from hormesis.testing.noting import Note, unnoted
from hormesis.wire.core import Meter
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Load
from hormesis.words.units import text_of_seconds

CONNECTIONS = 20
"""How many users an open load has at most, unless told otherwise; each has a connection."""
READY_S = 5.0
"""How long a block waits for the first operation of its load."""
GRACE_S = 5.0
"""How long what runs at the end may take."""
LONGEST_S = 600.0
"""How long a load beside a block lasts at most."""
What = str | Callable[..., Any]
"""A statement, or a function ``(connection, rng)``, of which each call is one transaction."""


class PlayedLoad:
    """A load that plays in the background."""

    def __init__(
        self, track: LoadTrack, directory: Path, seed: int, judge: Callable[[LoadFigures], None]
    ) -> None:
        self._track = track
        self._judge = judge
        self._directory = directory
        self._seed = seed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._player: Player | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._figures: LoadFigures | None = None
        self._thread = threading.Thread(target=self._run, name="hormesis-load", daemon=True)

    @property
    def figures(self) -> LoadFigures:
        """What it came to.

        Raises:
            RuntimeError: it still plays.
        """
        if self._figures is None:
            raise RuntimeError("the load still plays; its figures are there after its block")
        return self._figures

    def start(self) -> None:
        """Begin; return once the first operation has ended."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Let no operation begin any more; what runs may end."""
        loop, player = self._loop, self._player
        if loop is not None and player is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(player.end)

    def wait(self) -> LoadFigures:
        """Return the figures once it is over.

        Raises:
            Exception: what went wrong in the engine or in the users' own code.
            LoadBroken: the figures show nothing.
        """
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        self._figures = figures_of(self._directory)
        self._judge(self._figures)
        return self._figures

    def _run(self) -> None:
        try:
            run_bounded(self._play())
        except BaseException as error:  # noqa: BLE001 - raised where the load is waited for
            self._failure = error
        finally:
            self._ready.set()

    async def _play(self) -> None:
        clock = LoopClock()
        writer = HistoryWriter(self._directory)
        writer.manifest({"title": f"load {self._track.name}", "seed": self._seed})
        try:
            meter = Meter(zero_ns=clock.zero_ns, first=1, step=1)
            self._player = Player(
                [self._track], part=0, parts=1, seed=self._seed, clock=clock, meter=meter,
                output=writer.shard(0),
            )  # fmt: skip
            self._loop = asyncio.get_running_loop()
            telling = asyncio.create_task(self._tell_ready(meter, clock))
            try:
                await self._player.play(clock.now())
            finally:
                telling.cancel()
            writer.end({"time": clock.now(), "reason": "completed", "detail": ""})
        finally:
            writer.close()
        if self._player.unmade:
            raise RuntimeError(self._player.unmade)

    async def _tell_ready(self, meter: Meter, clock: LoopClock) -> None:
        """Let whoever has started it go on once it really works, or does not in time."""

        async def works() -> bool:
            return meter.counted > 0

        deadline = clock.now() + READY_S
        with suppress(Late):
            await wait_until(
                works, what="the first operation has ended", deadline=deadline, clock=clock,
                every_s=0.002,
            )  # fmt: skip
        self._ready.set()


class LoadGenerator:
    """Puts load on a database, at a rate or with a number of users."""

    def __init__(
        self,
        connection_string: str,
        *,
        seed: int = 0,
        run_dir: Path | None = None,
        note: Note = unnoted,
    ) -> None:
        self._dsn = connection_string
        self._seed = seed
        self._run_dir = run_dir or RUNS
        self._note = note
        self._count = 0

    def __call__(
        self,
        what: What,
        *,
        rate: float | None = None,
        users: int | None = None,
        for_s: float = 1.0,
        params: Params = (),
        connections: int = CONNECTIONS,
        name: str = "",
        may_fail: bool = False,
    ) -> LoadFigures:
        """Put load on the database for *for_s* seconds; return what it came to.

        Args:
            what: a statement with ``%s`` for its parameters; or a function, plain or ``async``,
                called with a connection of its user's own and the user's generator. Each call is a
                transaction: committed when it returns, rolled back when it raises.
            rate: operations per second, whatever the database does (the open model).
            users: how many users there are, each going on when it has ended (the closed model).
            for_s: how long, in seconds.
            params: the statement's parameters, or a function of the user's generator.
            connections: how many users an open load has at most.
            name: what the operations are called; left out: the statement or the function's name.
            may_fail: return also the figures of a load of which no operation ended ok, such as one
                on a server that is down all the while.

        Raises:
            ValueError: neither or both of *rate* and *users* are given.
            LoadBroken: no operation ended ok, so it has shown nothing; *may_fail* allows that, but
                never for SQL that the server cannot understand.
            Exception: the function's own mistake: a failed assertion, a NameError and the like.
        """
        load = self._made(what, rate, users, for_s, params, connections, name, may_fail=may_fail)
        return self._whole(load)

    async def run_async(self, what: What, **options: Any) -> LoadFigures:
        """Do what calling does, without blocking the event loop."""
        return await asyncio.to_thread(self, what, **options)

    @contextmanager
    def running(
        self,
        what: What,
        *,
        rate: float | None = None,
        users: int | None = None,
        params: Params = (),
        connections: int = CONNECTIONS,
        name: str = "",
        may_fail: bool = False,
    ) -> Iterator[PlayedLoad]:
        """Put load on the database while the block runs; its ``figures`` are there after it.

        What makes them worthless is raised when the block is left, as by calling.
        """
        load = self._made(
            what, rate, users, LONGEST_S, params, connections, name, may_fail=may_fail
        )
        load.start()
        try:
            yield load
        except BaseException as error:
            try:
                load.stop()
                self._tell(load.wait())
            except Exception as broken:  # noqa: BLE001 - the block's own error goes before
                error.add_note(f"and the load: {broken}")
            raise
        load.stop()
        self._tell(load.wait())

    def close(self) -> None:
        """Nothing is left to end: every load is over when its call or block is."""

    def _whole(self, load: PlayedLoad) -> LoadFigures:
        load.start()
        try:
            figures = load.wait()
        except BaseException:
            load.stop()
            raise
        self._tell(figures)
        return figures

    def _tell(self, figures: LoadFigures) -> None:
        if figures.count:
            self._note("load", str(figures))

    def _made(
        self, what: What, rate: float | None, users: int | None, for_s: float, params: Params,
        connections: int, name: str, *, may_fail: bool,
    ) -> PlayedLoad:  # fmt: skip
        named = name or (what if isinstance(what, str) else getattr(what, "__name__", "call"))
        directory = self._new_directory()
        calls = Calls.of(what, self._dsn, " ".join(named.split())[:60], params)
        track = LoadTrack(
            name=directory.name,
            load=_shape(rate, users, for_s, connections),
            client=calls,
            graceful_stop_s=GRACE_S,
            processes=1,
        )
        judge = partial(calls.escaped.judge, may_fail=may_fail)
        return PlayedLoad(track, directory, self._seed, judge)

    def _new_directory(self) -> Path:
        """Return a folder that no load has had, of an earlier session neither."""
        while True:
            self._count += 1
            directory = self._run_dir / f"load-{self._count}"
            try:
                directory.mkdir(parents=True)
            except FileExistsError:
                continue
            return directory


def _shape(rate: float | None, users: int | None, for_s: float, connections: int) -> Load:
    if (rate is None) == (users is None):
        raise ValueError("expected either a rate (per second) or a number of users")
    lasts = {"for": text_of_seconds(for_s)}
    if users is not None:
        return ConstantVus.model_validate({"vus": users, **lasts})
    assert rate is not None
    vus = max(1, min(connections, math.ceil(rate)))
    return ConstantArrivalRate.model_validate({"rate": f"{rate}/s", "vus": vus, **lasts})
