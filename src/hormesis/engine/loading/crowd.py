"""Crowd: the virtual users of one load in this process, from their making to their closing.

A user is one task for as long as it lives: it opens its client, does iterations as its executor
says, and ends. Whoever ends has its client closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from hormesis.engine.loading.bell import Bell, rouse
from hormesis.engine.loading.scene import Scene
from hormesis.engine.loading.self_watch import SelfWatch
from hormesis.engine.loading.summons import Summons
from hormesis.engine.loading.turnout import Turnout
from hormesis.engine.loading.virtual_user import VirtualUser
from hormesis.host.raised import place_of, told
from hormesis.wire.labels import DROPPED
from hormesis.words.client import Client
from hormesis.words.clock import Clock
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort

CUT_S = 1.0
"""How long iterations may take that still run after the graceful stop, or when the load is stopped,
with their pauses at an end."""
CLOSE_S = 2.0
"""How long users that are cut off may take to notice it, and clients to close."""
MADE_AT_ONCE = 200
"""How many users are made before others get a turn: 5,000 at once would be a stall."""
BACKOFF_S = 0.1
"""How long a user waits after an iteration that raised, so that a dead system is not hammered."""


class NoClient(Exception):
    """A client could not even be made; why is in the load's trouble."""


class Seat:
    """One user with its client and its task."""

    __slots__ = (
        "call", "client", "due_ns", "leaving", "opened", "summons", "task", "user",
    )  # fmt: skip

    def __init__(self, user: VirtualUser, client: Client) -> None:
        self.user = user
        self.client = client
        self.task: asyncio.Task[None] | None = None
        self.opened = False
        """Whether its client is, so that it can work."""
        self.leaving = False
        """Whether it is to begin no further iteration."""
        self.call: asyncio.Future[None] | None = None
        """Done when somebody wakes it, while it waits for its pace."""
        self.due_ns = -1
        """When the iteration is due that it was called for; -1: none, it was only woken."""
        self.summons: Summons | None = None
        """What it waits for between arrivals."""

    def wake(self, due_ns: int = -1) -> None:
        """Call it: for an iteration that is due, or only to look around. The first call counts."""
        if self.summons is not None and self.summons.waited_for:
            self.due_ns = due_ns
            self.summons.call()
        elif self.call is not None and not self.call.done():
            self.call.set_result(None)

    def leave(self) -> None:
        """Let it begin no further iteration, and not rest after the last one."""
        self.leaving = True
        self.wake()
        self.user.hurry()

    def stay(self) -> None:
        """Let it go on after all."""
        self.leaving = False
        self.user.take_time()

    async def called(self) -> int:
        """Wait to be called; return when the iteration is due, -1 for none."""
        self.due_ns = -1
        if self.summons is None:
            self.summons = Summons(asyncio.get_running_loop())
        await self.summons
        return self.due_ns


Work = Callable[[Seat], Awaitable[None]]
"""What a user does between the opening and the closing of its client."""


class Crowd:
    """Makes users, lets them iterate, ends them, and counts."""

    def __init__(
        self, track: LoadTrack, scene: Scene, *, clock: Clock, part: int, parts: int
    ) -> None:
        self.track = track
        self.scene = scene
        self.clock = clock
        self.now_ns = scene.meter.now_ns
        self.over = scene.over
        self.ending = scene.ending
        self.seats: dict[asyncio.Task[None], Seat] = {}
        """Users whose task has not ended."""
        self.opened = 0
        """How many users were ever opened."""
        self.unmade = ""
        """Why a client could not even be made; the load is stopped then."""
        self.begun = False
        self.moment = 0.0
        """When the load was to begin, which all processes that play it agree on."""
        self.watch = SelfWatch(clock)
        self.turnout = Turnout(clock.now)
        self.record = LoadRecord(load=track.name, started=clock.now())
        self.waited = 0
        self.dropped = 0
        self._part = part
        self._parts = parts
        self._made = 0
        self._most = 0
        self._iterations = 0
        self._trouble = ""
        self._refused = ""
        """Why a client could not be opened, the last time."""
        self._last: Seat | None = None
        self._took = scene.gathering.series(
            MetricSort.TREND, "iteration_duration", scene.place.tags
        ).add
        self._closing: set[asyncio.Task[BaseException | None]] = set()
        self._none_left: asyncio.Future[None] | None = None
        self._told = (0, 0, 0, -1, -1)

    def begin(self, moment: float) -> None:
        """Note that the load begins now, as planned for *moment* in seconds of the run."""
        self.begun = True
        self.moment = moment
        self.watch = SelfWatch(self.clock)
        self.turnout = Turnout(self.clock.now)
        self.record = replace(self.record, started=self.clock.now())

    def start(self, work: Work) -> Seat:
        """Make one user and let it work.

        Raises:
            NoClient: its client could not be made; the load is stopped.
        """
        number = 1 + self._part + self._made * self._parts
        user = VirtualUser(self.scene, number)
        try:
            client = self.track.client.make(user)
        except (Exception, SystemExit) as error:
            self.trouble(error, "the client could not be made")
            self.unmade = self._trouble
            self.stop()  # None of the others could be made either.
            raise NoClient from error
        self._made += 1
        seat = Seat(user, client)
        task = asyncio.create_task(self._live(seat, work))
        seat.task = task
        self.seats[task] = seat
        self._most = max(self._most, len(self.seats))
        task.add_done_callback(self._ended)
        return seat

    async def start_many(self, count: int, work: Work) -> list[Seat]:
        """Make *count* users and let them work; others have their turns meanwhile.

        Raises:
            NoClient: a client could not be made; the load is stopped.
        """
        seats: list[Seat] = []
        while len(seats) < count and not self.ending.rung:
            seats.append(self.start(work))
            if len(seats) % MADE_AT_ONCE == 0:
                await asyncio.sleep(0)
        return seats

    async def _live(self, seat: Seat, work: Work) -> None:
        # A user may leave for good while it opens: a script's, say, that cannot log in.
        if await self._open(seat) and not seat.user.left:
            await work(seat)

    async def _open(self, seat: Seat) -> bool:
        """Open a client, trying again while the system refuses; False when it has to be left."""
        while not self.ending.rung and not seat.leaving:
            try:
                await seat.client.open()
            except OSError as error:
                self._refused = told(error)
                await self.ending.sleep(BACKOFF_S)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a client is user code
                self.trouble(error, "the client could not be opened")
                return False
            else:
                seat.opened = True
                self.opened += 1
                return True
        return False

    async def iterate(self, seat: Seat, due_ns: int, *, on: bool = False) -> bool:
        """Let a user do one iteration that was due at *due_ns*; tell whether it did not raise.

        With *on* another follows at once, as long as none raises and it is to begin any. One that
        is cut off does not count as an iteration.
        """
        user, now_ns, iterate = seat.user, self.now_ns, seat.client.iterate
        began_ns = now_ns()
        while True:
            user.due_at(due_ns)
            self._last = seat
            try:
                await iterate()
            except (Exception, SystemExit, asyncio.CancelledError) as error:
                # A user that exits ends its iteration; it would end the run, without a verdict.
                if isinstance(error, asyncio.CancelledError) and _is_cut(seat):
                    raise
                if error is not user.recorded:
                    self.trouble(error)
                user.recorded = None
                on, good = False, False
            else:
                good = True
            ended_ns = now_ns()
            self._took((ended_ns - began_ns) * 1e-9)
            # The loop is here, and not where it is asked for, to be one coroutine less in the way.
            if not on or self.ending.rung or seat.leaving or user.left:
                return good
            if self._last is seat:
                await self.turn(seat)
                ended_ns = now_ns()
            due_ns = began_ns = ended_ns

    async def turn(self, seat: Seat) -> None:
        """Let others have a turn after an iteration of *seat*, if they had none."""
        if self._last is seat:
            # Nobody else has begun anything meanwhile: perhaps it never waited.
            await asyncio.sleep(0)

    async def back_off(self) -> None:
        """Wait a little after an iteration that raised."""
        await self.over.sleep(BACKOFF_S)

    def is_ending(self) -> bool:
        """Return whether no iteration is to begin any more."""
        return self.ending.rung

    def drop(self, due_ns: int) -> None:
        """Record an arrival that nobody began."""
        label = self.scene.meter.label(self.track.name, "", DROPPED, "", self.scene.place.tags)
        self.scene.meter.record(label, 0, due_ns, due_ns, due_ns)
        self.dropped += 1

    def trouble(self, error: BaseException, what: str = "") -> None:
        """Note that the client is broken, and where; the first time counts."""
        if not self._trouble:
            place = place_of(error)
            if what:
                self._trouble = f"{what}: {told(error)}{f' ({place})' if place else ''}"
            else:
                self._trouble = f"the client raised{f' in {place}' if place else ''}: {told(error)}"

    def _ended(self, task: asyncio.Task[None]) -> None:
        seat = self.seats.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble(error)
        self._close(seat)
        if not self.seats and self._none_left is not None:
            rouse(self._none_left)

    def _close(self, seat: Seat) -> None:
        closing = asyncio.create_task(_closed(seat.client))
        self._closing.add(closing)
        closing.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[BaseException | None]) -> None:
        self._closing.discard(task)
        error = None if task.cancelled() else task.result()
        if error is not None and not isinstance(error, OSError):
            self.trouble(error, "the client could not be closed")

    def stop(self) -> None:
        """End the load now: no iteration begins any more, pauses end at once."""
        self.over.ring()
        self.end()

    def end(self) -> None:
        """End the load as if its time were over: no iteration begins any more."""
        self.ending.ring()
        for seat in self.seats.values():
            seat.wake()

    async def all_ended(self, within_s: float | None = None, until: Bell | None = None) -> None:
        """Wait until every user has ended, *within_s* have passed, or the load is stopped.

        With *until* it is that bell that ends the wait.
        """
        if self.seats:
            self._none_left = asyncio.get_running_loop().create_future()
            await (until or self.over).wait(self._none_left, within_s)

    def played(self) -> None:
        """Note that the shape wants no more users from now on."""
        self._trouble = self._trouble or self._never_open() or self.turnout.trouble()

    def _never_open(self) -> str:
        """Return why not a single client could be opened; empty when one was."""
        if self.opened or not self._refused:
            return ""
        return f"no user could begin, because no client could be opened: {self._refused}"

    async def let_end(self) -> None:
        """Let running iterations go on as they would, for as long as the graceful stop lasts.

        Pauses between two steps are not shortened: users that all went on at once would be a burst
        that nobody asked for, in the last figures of the load. Who only rests has ended.
        """
        self.end()
        await self.all_ended(self.track.graceful_stop_s)
        self.over.ring()
        if self.seats:
            await asyncio.wait(set(self.seats), timeout=CUT_S)

    async def cut_off(self) -> None:
        """Cut off what still runs, then see clients closed; neither can hold up the end."""
        self.stop()
        late = set(self.seats)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLOSE_S)
        for operation in tuple(self.scene.running):
            # What a blocked thread or a stubborn client never ends would be in no record.
            operation.cut()
        for seat in tuple(self.seats.values()):
            self._close(seat)
        if self._closing:
            _, open_yet = await asyncio.wait(set(self._closing), timeout=CLOSE_S)
            for closing in open_yet:
                closing.cancel()

    def take(self, start: float) -> list[MetricSlice]:
        """Return the slices of all metrics that began at *start*, and bring the record up to date.

        ``start`` is in seconds of the run.
        """
        playing = self.record.ended is None
        if playing:
            self.watch.gather()
        gathering = self.scene.gathering
        slices = gathering.take(start)
        if gathering.odd and not self._trouble:
            self._trouble = f"the metric {gathering.odd} was given what is no finite number"
        name = "iteration_duration"
        done = sum(one.count for one in slices if one.metric == name)
        self._iterations += done
        now = (self._iterations, self.dropped, self.waited, len(self.seats), self._most)
        told, self._told = self._told, now
        slices += [
            self._slice(metric, MetricSort.COUNTER, start, float(after - before))
            for metric, before, after in zip(COUNTERS, told, now, strict=False)
            if after > before
        ]
        slices += [
            self._slice(metric, MetricSort.GAUGE, start, float(level))
            for metric, before, level in zip(LEVELS, told[3:], now[3:], strict=True)
            if level != before or (playing and start % 1 == 0)
        ]
        if playing:
            slices += [
                self._slice(metric, MetricSort.GAUGE, start, level)
                for metric, level in zip(HEALTH, self.watch.health(), strict=True)
            ]
        self.record = replace(
            self.watch.told_in(self.record),
            users=self._most,
            iterations=self._iterations,
            dropped=self.dropped,
            waited=self.waited,
            trouble=self._trouble,
        )
        return slices

    def _slice(self, metric: str, sort: MetricSort, start: float, value: float) -> MetricSlice:
        counter = sort is MetricSort.COUNTER
        return MetricSlice(
            metric=metric,
            sort=sort,
            load=self.track.name,
            start=start,
            count=int(value) if counter else 1,
            total=value,
            lowest=1.0 if counter else value,
            highest=1.0 if counter else value,
            last=1.0 if counter else value,
            tags=self.scene.place.tags,
        )

    def finish(self) -> None:
        """Note when the load ended, and whether its figures can be trusted."""
        self._trouble = self._trouble or self._never_open() or self.watch.trouble()
        record = self.watch.told_in(self.record)
        self.record = replace(record, ended=self.clock.now(), trouble=self._trouble)


COUNTERS = ("iterations", "dropped_iterations", "waited_iterations")
LEVELS = ("vus", "vus_max")
HEALTH = ("generator_lag", "generator_cpu")


def _is_cut(seat: Seat) -> bool:
    """Return whether it was cut off, and not something of its own that it waited for."""
    return seat.task is not None and seat.task.cancelling() > 0


async def _closed(client: Client) -> BaseException | None:
    """Close *client*; return what it raised."""
    try:
        await client.close()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a client is user code
        return error
    return None
