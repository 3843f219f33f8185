"""Let a process start no more processes or threads."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.limit_release import escaped, group_gone, left_min, soft_limit_back
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class ProcessLimit(Fault):
    """Limit how many more processes and threads a service may start; more fail with `EAGAIN`.

    By ``cgroup-pids`` the service's own tasks are counted, and the kernel says how many it refused.
    By ``rlimit``, without privilege, all tasks of its user are counted; the kernel does not limit
    root that way; a process that detached and then changed its user or its limit keeps it. A
    service that is started again meanwhile is not limited, and the run is *unknown*.
    """

    holds: ClassVar[bool] = True

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("cgroup-pids", frozenset({Facet.PROCESS}), frozenset({"cgroup-pids"})),
        Mechanism("rlimit", frozenset({Facet.PROCESS})),
    )

    left: int = Field(default=0, ge=0)
    """How many more tasks it may start."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "left": self.left}
        if self.by == "cgroup-pids":
            return [VerbCall("cgroup", {**args, "controller": "pids"})]
        return [VerbCall("limit", {**args, "resource": "nproc"})]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        if escaped(now):
            return ""
        if self.by == "cgroup-pids":
            refused, most = now.get("refused"), now.get("tasks_max")
            where = f"at {most} tasks (cgroup v{now.get('cgroup')})"
            return f"{refused} new tasks refused {where}" if refused else ""
        if left_min(now) != 0:
            return ""
        if now.get("left") != 0:
            return "its user could start no more tasks for a while"
        return f"its user has {now.get('used')} tasks, and no more are allowed"

    def healed(self, before: Reading, now: Reading) -> str:
        return group_gone(now) if self.by == "cgroup-pids" else soft_limit_back(now)
