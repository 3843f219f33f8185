"""Worker: what an operation of a race is given."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any

from hormesis.testing.racing.meeting import AsyncMeeting, Meeting
from hormesis.testing.racing.recording import Recorder, Recording
from hormesis.words.trouble import CapabilityTrouble, Problem

if TYPE_CHECKING:
    import psycopg

Dsn = str | Callable[[], str] | None
"""Where workers connect to; a function is asked when the first connection is opened."""


class Address:
    """Where workers connect to; asked once, whoever asks first."""

    def __init__(self, dsn: Dsn) -> None:
        self._dsn = dsn
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._dsn)

    def text(self) -> str:
        """Return it.

        Raises:
            CapabilityTrouble: the race was given no address.
        """
        with self._lock:
            if callable(self._dsn):
                self._dsn = self._dsn()
            if not self._dsn:
                raise CapabilityTrouble(
                    Problem(
                        "worker.conn needs a database, and this race has none",
                        hint="use the fixture `race`, or race(…, dsn=…)",
                    )
                )
            return self._dsn


class AnyWorker:
    """What workers in threads and in a loop have in common."""

    def __init__(self, number: int, rng: Random, recorder: Recorder, address: Address) -> None:
        self.number = number
        """From 0; it is the user's number in the history."""
        self.round = 0
        """From 0."""
        self.rng = rng
        """This worker's own stream of the race's seed."""
        self.recorder = recorder
        self._address = address

    @property
    def recorded(self) -> bool:
        """Return whether it recorded operations by hand in this round."""
        return (self.number, self.round) in self.recorder.by_hand

    def op(self, name: str, **value: Any) -> Recording:
        """Record the block as one operation of its own, instead of the whole function as one."""
        return Recording(self.recorder, name, self.number, self.round, dict(value))

    @property
    def told(self) -> str:
        """Return the name of its connections in pg_stat_activity."""
        return f"hormesis:race worker {self.number}"


class Worker(AnyWorker):
    """A worker in a thread of its own; ``conn`` is a connection of its own.

    What an operation did on ``conn`` and has not ended is committed when it returns, as part of
    the operation, and rolled back when it raises. So an operation is one transaction unless it
    commits itself.
    """

    _conn: psycopg.Connection[Any] | None = None
    meeting: Meeting

    def meet(self, timeout_s: float = 10.0) -> None:
        """Wait until all workers of this round have come here, or have ended.

        Raises:
            TimeoutError: somebody did not come in *timeout_s* seconds.
        """
        self.meeting.arrive(timeout_s)

    @property
    def conn(self) -> psycopg.Connection[Any]:
        """Return this worker's connection, opened when it is first asked for, or lost."""
        if self._conn is None or self._conn.closed:
            import psycopg

            self._conn = psycopg.connect(self._address.text(), application_name=self.told)
        return self._conn

    def commit(self) -> None:
        """Commit what is open."""
        if self._conn is not None and not self._conn.closed and not self._conn.autocommit:
            self._conn.commit()

    def roll_back(self) -> None:
        """Roll back what is open; a connection that cannot is closed."""
        if self._conn is not None and not self._conn.closed:
            try:
                self._conn.rollback()
            except Exception:  # noqa: BLE001 - whatever a broken connection says, it goes
                self.close()

    def cancel(self) -> None:
        """Cancel what the server does for it, from another thread."""
        if self._conn is not None and not self._conn.closed:
            self._conn.cancel()

    def close(self) -> None:
        """Hang up."""
        if self._conn is not None:
            self._conn.close()


class AsyncWorker(AnyWorker):
    """A worker as a task of the running loop; its connection is asynchronous.

    ``conn`` is there when the operation names it; ``await worker.connect()`` opens it at any time.
    Its transaction is ended as that of :class:`Worker` is.
    """

    _conn: psycopg.AsyncConnection[Any] | None = None
    meeting: AsyncMeeting

    async def meet(self, timeout_s: float = 10.0) -> None:
        """Wait until all workers of this round have come here, or have ended.

        Raises:
            TimeoutError: somebody did not come in *timeout_s* seconds.
        """
        await self.meeting.arrive(timeout_s)

    @property
    def conn(self) -> psycopg.AsyncConnection[Any]:
        """Return this worker's connection.

        Raises:
            RuntimeError: it is not open.
        """
        if self._conn is None or self._conn.closed:
            raise RuntimeError("the connection is not open: await worker.connect()")
        return self._conn

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """Return this worker's connection, opened if it is not."""
        if self._conn is None or self._conn.closed:
            import psycopg

            self._conn = await psycopg.AsyncConnection.connect(
                self._address.text(), application_name=self.told
            )
        return self._conn

    async def commit(self) -> None:
        """Commit what is open."""
        if self._conn is not None and not self._conn.closed and not self._conn.autocommit:
            await self._conn.commit()

    async def roll_back(self) -> None:
        """Roll back what is open; a connection that cannot is closed."""
        if self._conn is not None and not self._conn.closed:
            try:
                await self._conn.rollback()
            except Exception:  # noqa: BLE001 - whatever a broken connection says, it goes
                await self.close()

    async def close(self) -> None:
        """Hang up."""
        if self._conn is not None:
            await self._conn.close()
