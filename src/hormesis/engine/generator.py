"""The load generator: plays one load's schedule with virtual users and watches itself.

Open model: arrivals are due at fixed moments; one that finds no free user is dropped and counted.
Closed model: each user starts again when it has ended. Burst: all users go at one instant, and the
spread of their sends is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from random import Random
from typing import Any

from hormesis.engine.recording import Sink, VirtualUser
from hormesis.engine.waiting import sleep_unless
from hormesis.record.histogram import Histogram
from hormesis.words.client import Client
from hormesis.words.clock import Clock
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.load import Burst, Closed, Open
from hormesis.words.op import Op

STALLED_SHARE_MAX = 0.05
"""A generator whose event loop stood still for more of its time than this proves little."""
GRACE_S = 10.0
"""How long iterations that run when a load ends may take to finish."""
CUT_S = 1.0
"""How long they may take once their pauses are over as well."""
CLOSE_S = 2.0
"""How long users that are cut off may take to notice it, and clients to close."""
READY_S = 0.05
"""How long before a burst's instant its users are made to wait for it."""
BACKOFF_S = 0.1
"""How long a user waits after an iteration that raised, so that a dead system is not hammered."""
LAG_BUDGET_S = 0.25
"""A generator whose event loop or arrivals are later than this one time in a hundred is
saturated."""


class _NoClient(Exception):
    """A client could not even be made; why is in the load's trouble."""


class LoopLag(Histogram):
    """How late the event loop wakes up, in seconds: the generator's own health."""

    stalled_s = 0.0
    """How long it stood still in all, in stalls of more than the budget."""

    async def watch(self, clock: Clock, every_s: float = 0.05) -> None:
        """Take readings until cancelled."""
        while True:
            due = clock.now() + every_s
            await clock.sleep_until(due)
            late = clock.now() - due
            self.add(late)
            if late > LAG_BUDGET_S:
                self.stalled_s += late


class Generator:
    """Plays one load track once."""

    def __init__(
        self,
        track: LoadTrack,
        *,
        clock: Clock,
        sink: Sink,
        numbers: Callable[[], int],
        rng_of: Callable[[int], Random],
        changed: Callable[[LoadRecord], None],
    ) -> None:
        self.track = track
        self.users: set[asyncio.Task[None]] = set()
        self.unmade = ""
        """Why a client could not even be made; the load has ended then."""
        self._ending = asyncio.Event()
        self._over = asyncio.Event()
        self._clock = clock
        self._sink = sink
        self._numbers = numbers
        self._rng_of = rng_of
        self._changed = changed
        self._record = LoadRecord(load=track.name, started=clock.now())
        self._made = 0
        self._clients: list[Client] = []
        self._people: list[VirtualUser] = []
        self._lateness = Histogram()
        self._first_sends: dict[int, float] | None = None

    async def play(self) -> LoadRecord:
        """Play the whole schedule; return what happened."""
        lag = LoopLag()
        watch = asyncio.create_task(lag.watch(self._clock))
        self._update(started=self._clock.now())
        try:
            await self._play_shape()
            await self._let_end()
        except _NoClient:
            pass
        finally:
            # Cancelled, users have no time left: whoever cancels wants it over at once.
            self.stop()
            watch.cancel()
            await self._cut_off()
            self._judge_lag(lag)
        return self._record

    def _judge_lag(self, lag: LoopLag) -> None:
        late = lag.percentile(99) or 0.0
        trouble = self._record.trouble
        behind = self._lateness.percentile(99) or 0.0
        if max(late, behind) > LAG_BUDGET_S:
            what = "its event loop was" if late >= behind else "arrivals began"
            trouble = (
                f"the load generator was saturated: {what} {max(late, behind) * 1000:.0f} ms "
                f"late (p99, budget {LAG_BUDGET_S * 1000:.0f} ms)"
            )
        lasted_s = self._clock.now() - self._record.started
        if not trouble and lag.stalled_s > STALLED_SHARE_MAX * lasted_s:
            # One long stall is a single reading, however much of the time it took.
            stalled = f"{lag.stalled_s:.1f} s of {lasted_s:.1f} s"
            trouble = f"the load generator stood still for {stalled}"
        worst_s = lag.highest or 0.0
        self._update(ended=self._clock.now(), loop_lag_s=worst_s, trouble=trouble)

    async def _play_shape(self) -> None:
        shape = self.track.load.shape()
        if isinstance(shape, Closed):
            await self._closed(shape)
        elif isinstance(shape, Open):
            await self._open(shape)
        else:
            await self._burst(shape)

    def _update(self, **changes: Any) -> None:
        self._record = replace(self._record, **changes)
        self._changed(self._record)

    def _user(self) -> tuple[VirtualUser, Client]:
        self._made += 1
        user = VirtualUser(
            number=self._made,
            load=self.track.name,
            rng=self._rng_of(self._made),
            clock=self._clock,
            sink=self._seen,
            next_number=self._numbers,
            over=self._over,
        )
        self._update(users=max(self._record.users, self._made))
        try:
            client = self.track.client.make(user)
        except Exception as error:
            self._trouble(error, "could not be made")
            self.unmade = self._record.trouble
            self.stop()  # None of the others could be made either.
            raise _NoClient from error
        self._clients.append(client)
        self._people.append(user)
        return user, client

    def _seen(self, op: Op) -> None:
        if self._first_sends is not None:
            self._first_sends.setdefault(op.user, op.sent)
        self._sink(op)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.users.add(task)
        task.add_done_callback(self._ended)

    async def _iterate(self, user: VirtualUser, client: Client, due: float) -> None:
        user.due_at(due)
        # Counted here and told to the history when the load ends: this is the hot path.
        self._record = replace(self._record, iterations=self._record.iterations + 1)
        try:
            await client.iterate()
        except Exception as error:  # noqa: BLE001 - a client is user code
            if error is not user.recorded:
                self._trouble(error)
            await user.pause(BACKOFF_S)

    def _trouble(self, error: BaseException, what: str = "raised outside an operation") -> None:
        """Note that the client is broken."""
        if not self._record.trouble:
            text = f"the client {what}: {type(error).__name__}: {error}"
            self._update(trouble=text)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.users.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, _NoClient):
            self.stop()
        else:
            self._trouble(error)

    async def _open_client(self, client: Client) -> bool:
        """Open a client, trying again while the system refuses; False when it has to be left."""
        while not self._ending.is_set():
            try:
                await client.open()
            except OSError:
                await self._until(self._clock.now() + BACKOFF_S)
            except Exception as error:  # noqa: BLE001 - a client is user code
                self._trouble(error, "could not be opened")
                return False
            else:
                return True
        return False

    async def _closed(self, shape: Closed) -> None:
        start = self._clock.now()
        running: list[asyncio.Event] = []
        while (passed := self._clock.now() - start) < shape.duration_s and not self._over.is_set():
            wanted = shape.users_at(passed)
            while len(running) < wanted:
                leave = asyncio.Event()
                running.append(leave)
                self._start(self._closed_user(shape, leave))
            while len(running) > wanted:
                running.pop().set()
            await self._until(min(start + shape.duration_s, self._clock.now() + 0.1))

    async def _closed_user(self, shape: Closed, leave: asyncio.Event) -> None:
        user, client = self._user()
        if not await self._open_client(client):
            return
        due = self._clock.now()
        while not self._ending.is_set() and not leave.is_set():
            await self._iterate(user, client, due)
            due = max(due + shape.pace_s, self._clock.now())
            await self._until(due, self._ending)

    async def _open(self, shape: Open) -> None:
        start = self._clock.now()
        idle: list[tuple[VirtualUser, Client]] = []
        number = 0
        while (offset := shape.due_at(number)) is not None and not self._over.is_set():
            due = start + offset
            await self._until(due)
            if self._over.is_set():
                return
            number += 1
            # A loop that is kept busy by short tasks is never late itself, but its arrivals are.
            self._lateness.add(max(0.0, self._clock.now() - due))
            if idle:
                self._start(self._arrival(*idle.pop(), due, idle, opened=True))
            elif self._made < shape.users_max:
                self._start(self._arrival(*self._user(), due, idle, opened=False))
            else:
                self._drop()
        await self._until(start + shape.duration_s)

    async def _arrival(
        self,
        user: VirtualUser,
        client: Client,
        due: float,
        idle: list[tuple[VirtualUser, Client]],
        *,
        opened: bool,
    ) -> None:
        if opened or await self._open_client(client):
            await self._iterate(user, client, due)
            idle.append((user, client))
        else:
            self._drop()

    def _drop(self) -> None:
        self._record = replace(self._record, dropped=self._record.dropped + 1)

    async def _burst(self, shape: Burst) -> None:
        pairs = [self._user() for _ in range(shape.users)]
        ready: list[bool] = []

        async def opened(client: Client) -> None:
            ready.append(await self._open_client(client))

        for _, client in pairs:
            self._start(opened(client))
        await self._all_ended()
        if not (all(ready) and len(ready) == len(pairs)):
            return
        instant = self._clock.now() + READY_S
        for _ in range(shape.rounds):
            if self._over.is_set():
                break
            await self._one_burst(pairs, instant)
            instant = max(instant + shape.gap_s, self._clock.now() + READY_S)

    async def _one_burst(self, pairs: list[tuple[VirtualUser, Client]], instant: float) -> None:
        gate = asyncio.Event()
        self._first_sends = {}

        async def runner(user: VirtualUser, client: Client) -> None:
            await gate.wait()
            await self._iterate(user, client, instant)

        await self._until(instant - READY_S)
        if self._over.is_set():
            return
        for pair in pairs:
            self._start(runner(*pair))
        await self._clock.sleep_until(instant)
        gate.set()
        await self._all_ended()
        firsts, self._first_sends = list(self._first_sends.values()), None
        if firsts:
            self._update(spread_s=max(self._record.spread_s or 0.0, max(firsts) - min(firsts)))

    async def _all_ended(self) -> None:
        """Wait until every user's work has ended or the load is over."""
        over = asyncio.create_task(self._over.wait())
        try:
            while self.users and not over.done():
                await asyncio.wait({over, *self.users}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()

    async def _until(self, moment: float, event: asyncio.Event | None = None) -> None:
        """Wait until *moment*, until the load is stopped, or until *event*; others get a turn."""
        await sleep_unless(event or self._over, moment, self._clock)

    def stop(self) -> None:
        """End the load now: no iteration begins any more, pauses end at once."""
        self._ending.set()
        self._over.set()

    async def _let_end(self) -> None:
        """Let running iterations go on as they would, for a while.

        Their pauses are not shortened: users that all went on at once would be a burst that nobody
        asked for, in the last figures of the load.
        """
        self._ending.set()
        if self.users and not self._over.is_set():
            await asyncio.wait(set(self.users), timeout=GRACE_S)
        self._over.set()
        if self.users:
            await asyncio.wait(set(self.users), timeout=CUT_S)

    async def _cut_off(self) -> None:
        """Cut off what still runs, then close the clients; neither can hold up the end."""
        late = set(self.users)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSE_S)
        for user in self._people:
            # What a blocked thread or a stubborn client never ends would otherwise be in no record.
            for operation in tuple(user.running):
                operation.cut()
        closing = {asyncio.create_task(client.close()) for client in self._clients}
        if not closing:
            return
        done, late = await asyncio.wait(closing, timeout=CLOSE_S)
        for task in late:
            task.cancel()
        for task in done:
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, OSError):
                self._trouble(error, "could not be closed")
