"""The custodian's loop: one poll for everything, and nothing in it that blocks.

It waits for the engine's words, the engine's death (its pidfd, and the end of the socket), the
lease, the hold deadlines, the ends of processes, and whatever the tasks under way wait for.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hormesis.custodian.channel import Channel
from hormesis.custodian.lease import Lease
from hormesis.host.steps import Steps, Wait

_IDLE_S = 60.0

Settle = Callable[[Any, BaseException | None], None]


@dataclass(slots=True, eq=False)
class Task:
    """Stepwise work under way; ``settle`` is given its result or its error."""

    steps: Steps[Any]
    settle: Settle
    wait: Wait
    over: bool = False


class Loop:
    """Waits for everything at once, and takes every task one step further when it can go on."""

    def __init__(self, channel: Channel, engine_pidfd: int, wakeup_fd: int) -> None:
        self.channel = channel
        self.lease: Lease | None = None
        self._engine = engine_pidfd
        self._wakeup = wakeup_fd
        self._tasks: list[Task] = []
        self._engine_gone = False

    def spawn(self, steps: Steps[Any], settle: Settle) -> Task:
        """Start *steps* at once and go on with it whenever what it waits for has come."""
        task = Task(steps, settle, Wait(0.0))
        self._tasks.append(task)
        self._step(task)
        return task

    def cancel(self, task: Task, error: BaseException) -> None:
        """Interrupt *task* where it waits, and settle it with *error*."""
        if not task.over:
            task.over = True
            task.steps.close()
            task.settle(None, error)

    @property
    def engine_gone(self) -> bool:
        """Whether the engine's lifeline has closed, by its death or its own will."""
        return self._engine_gone or not self.channel.open

    def turn(
        self, until: float, extra: dict[int, Callable[[], Any]], ended: Callable[[], None]
    ) -> list[dict[str, Any]]:
        """Wait for whatever comes first, step what can go on, and return the engine's messages.

        ``until`` is the next deadline of the caller, in seconds of CLOCK_MONOTONIC; ``extra`` maps
        further descriptors to what reads them; ``ended`` is called when a child has ended.
        """
        self._tasks = [task for task in self._tasks if not task.over]
        deadlines = [until, time.monotonic() + _IDLE_S, *(task.wait.until for task in self._tasks)]
        if self.lease is not None:
            deadlines.append(self.lease.until)
        meant = min(deadlines)
        ready = self._poll(meant, extra)
        now = time.monotonic()
        if self.lease is not None:
            self.lease.excuse(now, meant)
        if self._engine in ready:
            self._engine_gone = True
        if self._wakeup in ready:
            os.read(self._wakeup, 4096)
            ended()
        for fd in ready & extra.keys():
            extra[fd]()
        # What the engine said is heard before the lease is judged: it may be the overdue beat.
        messages = self.channel.receive()
        self.channel.flush()
        for task in list(self._tasks):
            if task.wait.until <= now or not ready.isdisjoint(task.wait.fds):
                self._step(task)
        return messages

    def _poll(self, until: float, extra: dict[int, Callable[[], Any]]) -> set[int]:
        poller = select.poll()
        fds = {self._wakeup, *extra}
        for task in self._tasks:
            fds.update(task.wait.fds)
        if not self._engine_gone:
            fds.add(self._engine)
        for fd in fds:
            poller.register(fd, select.POLLIN)
        if self.channel.open:
            wants = select.POLLIN | (select.POLLOUT if self.channel.pending else 0)
            poller.register(self.channel.fileno(), wants)
        # Rounded up: waking a fraction early would spin until the moment has really come.
        timeout_ms = max(0, int((until - time.monotonic()) * 1000 + 0.999))
        return {fd for fd, _ in poller.poll(timeout_ms)}

    def _step(self, task: Task) -> None:
        if task.over:
            return
        try:
            task.wait = next(task.steps)
        except StopIteration as stop:
            task.over = True
            task.settle(stop.value, None)
        except Exception as error:  # noqa: BLE001  (handed on, whatever it is)
            task.over = True
            task.settle(None, error)
