"""Give a process less memory than it wants."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.limit_release import escaped, group_gone, left_min, soft_limit_back
from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Bytes
from hormesis.words.verb import VerbCall

_NEAR = 2 << 20


class MemoryLimit(Fault):
    """Limit how much more memory a running process may take.

    By ``cgroup-memory`` it and its children are moved into a control group: what they had stays
    theirs, what they take from then on is counted, and the kernel kills one of them when the limit
    is in the way. By ``rlimit``, without privilege, each may map only so much more address space,
    and its allocations fail (`ENOMEM`, `MemoryError`). Whoever dies of it is started again on
    release where that is known. A service that something else starts again is not limited, and the
    run is *unknown* unless the kernel had killed for want of memory.
    """

    holds: ClassVar[bool] = True

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("cgroup-memory", frozenset({Facet.PROCESS}), frozenset({"cgroup-memory"})),
        Mechanism("rlimit", frozenset({Facet.PROCESS})),
    )

    left: Bytes = Field(default=32_000_000, gt=0)
    """How much more it may take; by ``rlimit`` beyond the least it has in a fifth of a second."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        subject = {"subject": target.service}
        if self.by == "cgroup-memory":
            limit = VerbCall("cgroup", {**subject, "controller": "memory", "limit": self.left})
        else:
            limit = VerbCall("limit", {**subject, "resource": "as", "left": self.left})
        promise = VerbCall("rerun", {**subject, "stop": False, "start": "undo"})
        return [limit, promise] if target.restartable else [limit]

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(0), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        if self.by == "cgroup-memory":
            hits, kills = now.get("limit_hits"), now.get("oom_kills")
            version = f"cgroup v{now.get('cgroup')}"
            if kills:
                since = "; what was started since is not limited" if escaped(now) else ""
                return f"the kernel killed for want of memory, oom_kill {kills} ({version}){since}"
            reached = hits and not escaped(now)
            return f"ran into the limit {hits} times ({version})" if reached else ""
        if now.get("state") == "gone":
            return f"pid {before.get('pid')} ended at the limit of its address space"
        left = left_min(now)
        if left is None or left > max(_NEAR, 0.05 * self.left) or escaped(now):
            return ""
        return f"{left:.0f} bytes of address space are left of {self.left}"

    def healed(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "gone":
            return ""
        return group_gone(now) if self.by == "cgroup-memory" else soft_limit_back(now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        if self.by == "cgroup-memory":
            used = now.get("peak")
        else:
            left = left_min(now)
            used = None if left is None else self.left - left
        return None if used is None else Measure(self.left, float(used), "bytes")
