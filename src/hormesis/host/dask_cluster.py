"""Dask cluster: members of the crew on the machines of a Dask cluster.

A Dask worker gets one member process, started and served by functions that Dask runs in the
worker's event loop (``Client.run``): outside its tasks, so that nothing is scheduled, moved or
tried again, and a worker that dies is told in milliseconds. See docs/explanation/decisions.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hormesis.host import member_relay
from hormesis.words.trouble import CapabilityTrouble

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""
PULL_S = 1.0
"""How long a request for news may wait for some."""


class WorkerGone(Exception):
    """A worker of the cluster does not answer any more; the message says how that was seen."""


def _distributed() -> Any:
    """Return the library.

    Raises:
        CapabilityTrouble: it is not installed.
    """
    try:
        import distributed
    except ImportError as error:
        raise CapabilityTrouble(
            f"a cluster needs Dask, which cannot be loaded: {error}",
            hint="install hormesis[cluster], here and on every machine of the cluster",
        ) from error
    # Whatever is lost, we tell, in a sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    return distributed


class DaskCluster:
    """A connection to the scheduler of a cluster."""

    def __init__(self, address: str, client: Client) -> None:
        self.address = address
        self.client = client

    @classmethod
    async def connect(cls, address: str) -> DaskCluster:
        """Connect to the scheduler at *address* (``tcp://host:8786``, ``tls://…``).

        Raises:
            CapabilityTrouble: Dask is not installed, or nobody answers.
        """
        # Loading it takes most of a second, and others share this loop.
        library = await asyncio.to_thread(_distributed)
        try:
            client = await library.Client(
                address, asynchronous=True, set_as_default=False, timeout=CONNECT_S
            )
        except (OSError, ValueError) as error:
            raise CapabilityTrouble(
                f"no Dask scheduler answers at {address}: {error}",
                hint="start one with `dask scheduler`, and `dask worker ADDRESS` on each machine",
            ) from error
        return cls(address, client)

    async def workers(self) -> list[str]:
        """Return the addresses of the workers that answer now, in order.

        Raises:
            CapabilityTrouble: one of them cannot run our code, or none answers in time.
        """
        try:
            async with asyncio.timeout(CONNECT_S):
                answers = await self.client.run(member_relay.clock_ns, on_error="return")
        except TimeoutError:
            raise CapabilityTrouble(
                f"a worker of the cluster at {self.address} does not answer within {CONNECT_S:g} s"
            ) from None
        for worker, answer in sorted(answers.items()):
            if isinstance(answer, Exception):
                raise CapabilityTrouble(
                    f"the cluster's worker {worker} cannot run our code: {answer}",
                    hint="install hormesis[cluster] there, of the same version as here",
                )
        return sorted(answers)

    async def ask(self, worker: str, function: Callable[..., Any], *args: Any) -> Any:
        """Return what *function* returns on *worker*.

        Raises:
            WorkerGone: the worker is dead or unreachable, or the function raised.
        """
        try:
            answers = await self.client.run(function, *args, workers=[worker], on_error="return")
        except OSError as error:
            raise WorkerGone("the connection to the scheduler was lost") from error
        except Exception as error:
            raise WorkerGone(f"{type(error).__name__}: {error}") from error
        if worker not in answers:
            raise WorkerGone("it has left the cluster")
        answer = answers[worker]
        if isinstance(answer, KeyError):
            raise WorkerGone("its process was started anew")
        if isinstance(answer, OSError):
            raise WorkerGone("its connection was lost")
        if isinstance(answer, Exception):
            raise WorkerGone(f"{type(answer).__name__}: {answer}")
        return answer

    async def clock_reading(self, worker: str) -> tuple[int, int, int]:
        """Return when we asked, what the worker's monotonic clock said, and when it had answered.

        In nanoseconds; the first and the last of our own clock.

        Raises:
            WorkerGone: see :meth:`ask`.
        """
        asked = time.monotonic_ns()
        theirs = await self.ask(worker, member_relay.clock_ns)
        return asked, int(theirs), time.monotonic_ns()

    async def close(self) -> None:
        """Leave the cluster."""
        await self.client.close()  # type: ignore[no-untyped-call]


class DaskMember:
    """A member on a worker of the cluster; as :class:`MemberProcess` seen from the engine."""

    def __init__(
        self, cluster: DaskCluster, worker: str, key: str, said: Callable[[str], None]
    ) -> None:
        self.told = ""
        self.facts: dict[str, Any] = {}
        """What is known of the machine: version, python, machine, executable, pid."""
        self._cluster = cluster
        self._worker = worker
        self._key = key
        self._said = said
        self._gone = ""
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._sending: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, cluster: DaskCluster, worker: str, key: str, module: str, said: Callable[[str], None]
    ) -> DaskMember:
        """Start ``python -m module`` beside *worker*; *key* names it among all runs.

        Raises:
            WorkerGone: it cannot be started there.
        """
        self = cls(cluster, worker, key, said)
        self.facts = await cluster.ask(worker, member_relay.start_member, key, module)
        self._sending = asyncio.create_task(self._send())
        return self

    def send(self, data: bytes) -> None:
        """Send bytes, without waiting for them to leave."""
        self._outbox.put_nowait(data)

    async def _send(self) -> None:
        while True:
            data = await self._outbox.get()
            try:
                await self._cluster.ask(self._worker, member_relay.push, self._key, data)
            except WorkerGone:
                return  # Whoever receives from it is told how.

    async def receive(self) -> bytes:
        """Return bytes as they come; empty when there will be no more."""
        while True:
            try:
                data, said, over = await self._cluster.ask(
                    self._worker, member_relay.pull, self._key, PULL_S
                )
            except WorkerGone as error:
                self._gone = str(error)
                return b""
            if said:
                self.told = (self.told + said)[-4000:]
                self._said(said)
            if data or over:
                return bytes(data)

    async def ended(self, within_s: float) -> str:
        """Return how it ended: ``signal 9``, ``its connection was lost``; empty: as it should."""
        if self._gone:
            return self._gone
        try:
            async with asyncio.timeout(within_s + PULL_S):
                return str(
                    await self._cluster.ask(
                        self._worker, member_relay.how_ended, self._key, within_s
                    )
                )
        except TimeoutError:
            return "its machine does not answer"
        except WorkerGone as error:
            return str(error)

    def kill(self) -> None:
        """Give it up; its own lease ends it where it is."""
        self._gone = self._gone or "it was given up"

    async def close(self, grace_s: float = 1.0) -> None:
        """End it, if its machine can still be reached."""
        if self._sending is not None:
            self._sending.cancel()
        if self._gone:
            return
        try:
            async with asyncio.timeout(grace_s + PULL_S):
                await self._cluster.ask(self._worker, member_relay.close_member, self._key)
        except (TimeoutError, WorkerGone):
            self.kill()
