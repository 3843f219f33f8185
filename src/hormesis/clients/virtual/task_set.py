"""Sets of tasks inside a user, or inside another set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from random import Random
from typing import Any, ClassVar

from hormesis.clients.virtual.endings import Interrupt
from hormesis.clients.virtual.wait import WaitTime
from hormesis.words.clock import Clock


class TaskSet:
    """A set of tasks: who enters it stays, one task an iteration, until it calls ``interrupt``."""

    tasks: ClassVar[Sequence[Any] | Mapping[Any, int]] = ()
    wait_time: ClassVar[WaitTime | None] = None
    """The time between its tasks; the user's without it."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.user: Any = parent.user if isinstance(parent, TaskSet) else parent

    def on_start(self) -> Any:
        """Prepare; called whenever the set is entered."""

    def on_stop(self) -> Any:
        """Tidy up; called whenever the set is left."""

    def interrupt(self, reschedule: bool = True) -> None:
        """Leave the set; the next iteration draws from the tasks around it."""
        raise Interrupt

    @property
    def http(self) -> Any:
        """Return the user's HTTP session."""
        return self.user.http

    client = http

    @property
    def rng(self) -> Random:
        """Return the user's own stream of the seed."""
        rng: Random = self.user.rng
        return rng

    @property
    def clock(self) -> Clock:
        """Return the run's clock."""
        clock: Clock = self.user.clock
        return clock

    @property
    def task_began_s(self) -> float:
        """Return when the task began, in seconds of the run."""
        return float(self.user.task_began_s)

    def check(self, name: str, passed: object) -> bool:
        """Count a check; return whether it passed."""
        return bool(self.user.check(name, passed))

    def group(self, name: str) -> AbstractContextManager[None]:
        """Tag what the block does with the group, and time the block."""
        group: AbstractContextManager[None] = self.user.group(name)
        return group

    def op(self, name: str, **value: Any) -> Any:
        """Record the block as one operation."""
        return self.user.op(name, **value)

    def pause(self, seconds: float) -> Any:
        """Think for *seconds*."""
        return self.user.pause(seconds)


class SequentialTasks(TaskSet):
    """Tasks in the order of their definition, all of them in one iteration, then it is left.

    A task of weight 3 is done three times in a row. The waiting time is taken between tasks.
    """
