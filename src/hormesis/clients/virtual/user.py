"""User and HttpUser: the bases of virtual users that are written as classes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, ClassVar

from hormesis.clients.code.blocking import BlockingUser, Worker
from hormesis.clients.code.waiting import Waiting
from hormesis.clients.protocols.postgres_session import PostgresSession
from hormesis.clients.protocols.redis_session import RedisSession
from hormesis.clients.protocols.websocket_session import WebSocketSession
from hormesis.clients.session.answer import NotOk
from hormesis.clients.session.http_session import HttpSession
from hormesis.clients.virtual.current import CURRENT
from hormesis.clients.virtual.endings import EndIteration, Interrupt, StopUser
from hormesis.clients.virtual.task import NO_TASKS, Choice, Task, tasks_of
from hormesis.clients.virtual.task_set import SequentialTasks, TaskSet
from hormesis.clients.virtual.wait import WaitTime
from hormesis.host.http_trouble import HttpTrouble
from hormesis.words import client as words

CONNECT_S = 0.5
"""How long opening may take before the user is at work, and its first request waits for it."""


class User:
    """A virtual user; derive from it, and mark methods with ``@task``.

    An iteration is one task, drawn by weight, and then the waiting time. Methods may be ``async``;
    plain ones run in a thread of the user's own and may block, and there ``self.http`` and
    ``self.op`` are plain as well.
    """

    abstract: ClassVar[bool] = False
    """Whether the class is only a base of others; true of a class that says so itself."""
    weight: ClassVar[int] = 1
    """How many users of this class there are, in proportion to the others of the script."""
    fixed_count: ClassVar[int] = 0
    """How many users of this class there are, whatever the others are; 0: by weight."""
    wait_time: ClassVar[WaitTime | None] = None
    """Seconds between tasks; ignored where the load says when iterations are due."""
    tasks: ClassVar[Sequence[Any] | Mapping[Any, int]] = ()
    """Functions and classes that are tasks too; a mapping gives their weights."""
    backoff: float = 0.1
    """Seconds to pause, about, after a task in which a request got no answer at all."""

    pg_dsn: str = ""
    """The PostgreSQL server that ``self.pg`` talks to."""
    redis_url: str = ""
    """The Redis server that ``self.redis`` talks to."""
    ws_url: str = ""
    """Where ``self.ws()`` connects."""

    choice: Choice = Choice()
    """Which tasks the run wants done."""
    _session: Any = SimpleNamespace(unanswered=False)
    setup_data: Any = None
    """What the script's ``setup`` returned."""

    def __init__(self, user: words.User, **options: Any) -> None:
        self._engine = user
        self.number = user.number
        self.load = user.load
        self.clock = user.clock
        self.task_began_s = 0.0
        self.stopped = False
        self._worker: Worker | None = None
        self._blocking: BlockingUser | None = None
        self._sets: list[TaskSet] = []
        self._sessions: dict[str, Any] = {}
        self._tasks = NO_TASKS
        self._bind(user)
        for name, value in options.items():
            if not hasattr(type(self), name) or name.startswith("_"):
                raise TypeError(f"{type(self).__name__} has no option {name}")
            setattr(self, name, value)

    def _bind(self, user: Any) -> None:
        """Take what tasks call from the engine's user, or from what stands for it in a thread."""
        self.check: Callable[[str, object], bool] = user.check
        self.add = user.add
        self.group = user.group
        self.op = user.op
        self.pause = user.pause
        self._threaded = user is not self._engine

    @property
    def rng(self) -> Any:
        """Return the user's own stream of the seed, a ``random.Random``."""
        return self._engine.rng

    @property
    def pg(self) -> Any:
        """Return the user's session with the PostgreSQL server at ``pg_dsn``."""
        return self._session_of("pg", lambda: PostgresSession(self._engine, self.pg_dsn))

    @property
    def redis(self) -> Any:
        """Return the user's session with the Redis server at ``redis_url``."""
        return self._session_of("redis", lambda: RedisSession(self._engine, self.redis_url))

    def ws(self, url: str = "", **options: Any) -> Any:
        """Return a WebSocket to *url*, or else ``ws_url``, for ``async with``."""
        return self._usable(WebSocketSession(self._engine, url or self.ws_url, **options))

    def on_start(self) -> Any:
        """Prepare, log in; called once before the first task."""

    def on_stop(self) -> Any:
        """Tidy up, log out; called once after the last task."""

    def end_iteration(self) -> None:
        """Leave the task; the next iteration begins as usual."""
        raise EndIteration

    def stop(self) -> None:
        """Leave the task, and do nothing more as this user."""
        raise StopUser

    # What the engine calls.

    async def open(self) -> None:
        """Become ready."""
        CURRENT.set(self._engine)
        self._tasks = tasks_of(type(self), self.choice)
        if not self._tasks:
            raise ValueError(f"{type(self).__name__} has no task; mark a method with @task")
        try:
            await self._hook(self, "on_start")
        except StopUser:
            self._stop()

    async def iterate(self) -> None:
        """Do one task, then wait; a little longer when nobody answered."""
        waits = self.wait_time is not None
        if waits:
            self.task_began_s = self.clock.now()
        try:
            if self._sets:
                await self._long_way()
            else:
                task = self._tasks.only or self._tasks.draw(self._engine)
                if task.simple:
                    await task.call(self)
                else:
                    await self._start(task, self)
        except Exception as error:  # noqa: BLE001 - what is no ending of ours goes on
            await self._end_by(error)
        if waits or self._sets or self._session.unanswered:
            await self._rest()

    async def close(self) -> None:
        """End."""
        CURRENT.set(self._engine)
        try:
            while self._sets:
                await self._leave()
            await self._hook(self, "on_stop")
        finally:
            if self._worker is not None:
                self._worker.end()
            for session in self._sessions.values():
                await session.close()

    @property
    def unanswered(self) -> bool:
        """Return whether a request of this iteration got no answer at all."""
        return bool(self._session.unanswered)

    def _session_of(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._sessions:
            self._sessions[name] = make()
        return self._usable(self._sessions[name])

    def _usable(self, session: Any) -> Any:
        """Return *session*, or in the user's thread what stands for it there."""
        return Waiting(session, self._loop) if self._threaded else session

    async def _long_way(self) -> None:
        """Do an iteration inside a set."""
        owner = self._sets[-1]
        self.task_began_s = self.clock.now()
        await self._start(tasks_of(type(owner), self.choice).draw(self._engine), owner)

    async def _start(self, task: Task, owner: Any) -> None:
        """Do a task; one that is a set is entered first."""
        while task.nested:
            owner = task.call(owner)
            if isinstance(owner, SequentialTasks):
                await self._sequence(owner)
                return
            self._sets.append(owner)
            await self._hook(owner, "on_start")
            task = tasks_of(type(owner), self.choice).draw(self._engine)
        await self._call(task, owner)

    async def _end_by(self, error: Exception) -> None:
        """End the iteration as *error* says; raise it when it is none of ours."""
        if isinstance(error, Interrupt):
            await self._leave()
        elif isinstance(error, StopUser):
            self._stop()
        elif not isinstance(error, EndIteration | NotOk):
            raise error

    def _stop(self) -> None:
        self.stopped = True
        self._engine.leave()

    async def _rest(self) -> None:
        """Wait between two iterations, unless the load says when the next one is due."""
        if self._engine.arrivals or self.stopped:
            return
        await self._wait(self._sets[-1] if self._sets else self, self._engine.rest)
        if self.unanswered:
            await self._engine.pause(self.backoff * (0.5 + self.rng.random()))

    async def _sequence(self, owner: SequentialTasks) -> None:
        await self._hook(owner, "on_start")
        first = True
        try:
            for task in tasks_of(type(owner), self.choice).every:
                for _ in range(task.weight):
                    if not first:
                        await self._wait(owner, self._engine.pause)
                    first = False
                    self.task_began_s = self.clock.now()
                    if not task.nested:
                        await self._call(task, owner)
                    else:
                        await self._inside(task.call(owner))
        except Interrupt:
            pass
        finally:
            await self._hook(owner, "on_stop")

    async def _inside(self, owner: TaskSet) -> None:
        """Do what a set inside a sequence does, until it is left."""
        if isinstance(owner, SequentialTasks):
            await self._sequence(owner)
            return
        await self._hook(owner, "on_start")
        try:
            while True:
                await self._call(tasks_of(type(owner), self.choice).draw(self._engine), owner)
                await self._wait(owner, self._engine.pause)
        except Interrupt:
            pass
        finally:
            await self._hook(owner, "on_stop")

    async def _call(self, task: Task, owner: Any) -> None:
        if task.blocking:
            await self._in_thread(task.call, owner)
        else:
            await task.call(owner)

    async def _leave(self) -> None:
        if self._sets:
            await self._hook(self._sets.pop(), "on_stop")

    async def _wait(self, owner: Any, pause: Callable[[float], Awaitable[None]]) -> None:
        waits = owner if owner.wait_time is not None else self
        if waits.wait_time is not None and (seconds := waits.wait_time()) > 0:
            await pause(seconds)

    async def _hook(self, owner: Any, name: str) -> None:
        own = getattr(type(owner), name)
        if own in (getattr(User, name), getattr(TaskSet, name)):
            return
        if inspect.iscoroutinefunction(own):
            await own(owner)
        else:
            await self._in_thread(own, owner)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> None:
        if self._worker is None or self._blocking is None:
            self._worker = Worker(f"user-{self.number}")
            self._loop = asyncio.get_running_loop()
            self._blocking = BlockingUser(self._engine, self._loop)
        blocking = self._blocking

        def step() -> None:
            CURRENT.set(blocking)
            work(*arguments)

        self._bind(blocking)
        try:
            await self._worker.do(step)
        except asyncio.CancelledError:
            # The thread may go on for a while, and must not meet what belongs to the loop.
            raise
        except BaseException:
            self._bind(self._engine)
            raise
        else:
            self._bind(self._engine)


class HttpUser(User):
    """A virtual user with an HTTP session: ``self.http``, which ``self.client`` is as well."""

    base: str = ""
    """The URL that paths are added to; ``host`` is the same."""
    host: str = ""
    headers: Mapping[str, str] = {}
    """Headers of every request."""
    timeout: float = 30.0
    """Seconds that a request may take, connecting included."""
    verify: bool = True
    """Whether an https server must prove its name with a valid certificate."""
    connections: int = 6
    """How many connections a user has at once to one server."""
    http2: bool = False
    """Whether to speak HTTP/2 (``pip install 'hormesis[http2]'``)."""
    _written_as: ClassVar[str] = "class"

    def __init__(self, user: words.User, **options: Any) -> None:
        self.http: Any = None
        super().__init__(user, **options)
        self._session = HttpSession(
            user,
            self.base or self.host,
            headers=self.headers,
            timeout=self.timeout,
            verify=self.verify,
            connections=self.connections,
            http2=self.http2,
            owner=f"{self._written_as} {type(self).__name__}",
        )
        self.http = self._session

    @property
    def client(self) -> Any:
        """Return the HTTP session."""
        return self.http

    def _bind(self, user: Any) -> None:
        super()._bind(user)
        if self.http is not None:
            self.http = self._usable(self._session)

    async def open(self) -> None:
        """Connect, so that a burst sends at once; the first request tries again if this fails."""
        with suppress(OSError, HttpTrouble):
            await self._session.connect(min(CONNECT_S, self.timeout))
        await super().open()

    async def _rest(self) -> None:
        await super()._rest()
        self._session.unanswered = False

    async def _end_by(self, error: Exception) -> None:
        if error is self._session.recorded:
            self._session.unanswered = True
        else:
            await super()._end_by(error)

    async def close(self) -> None:
        """End, and close all connections."""
        try:
            await super().close()
        finally:
            await self._session.close()
