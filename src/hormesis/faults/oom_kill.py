"""Have the kernel's out-of-memory killer kill a process."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Bytes
from hormesis.words.verb import VerbCall


class OomKill(Fault):
    """Let the kernel kill a process for want of memory; on release it is started again.

    Its main process is moved into a control group with a memory limit and made the kernel's first
    choice; a program of ours fills the group until the kernel acts. The machine's own memory
    is not touched.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    """With ``back: false``, a process alone."""
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "cgroup-memory"
    means: ClassVar[frozenset[str]] = frozenset({"cgroup-memory"})

    limit: Bytes = Field(default=64_000_000, ge=16_000_000)
    """The memory that the process and the filling program may take together from then on."""
    back: bool = True
    """Start it again on release; false when the system's own supervisor must do it."""

    def ways(self) -> tuple[Mechanism, ...]:
        needs = self.needs if self.back else frozenset({Facet.PROCESS})
        return (Mechanism(self.mechanism, needs, self.means),)

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        promise = VerbCall("rerun", {"subject": target.service, "stop": False, "start": "undo"})
        return [
            VerbCall("cgroup", {
                "subject": target.service, "controller": "memory", "limit": self.limit,
                "only_main": True, "oom_score_adj": 1000,
            }),
            *([promise] if self.back else []),
            VerbCall("holder", {
                "subject": target.service, "program": "memory_hog", "process": target.service,
                "config": {"of": "oom", "limit": self.limit},
            }),
        ]  # fmt: skip

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(0), EffectLook(2 if self.back else 1), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        dead = now.get("dead") and now.get("pid") != before.get("pid")
        if not dead or not now.get("oom_kills"):
            return ""
        where = f"cgroup v{now.get('cgroup')}, limit {self.limit} bytes"
        return f"the kernel killed pid {before.get('pid')} ({where}, oom_kill {now['oom_kills']})"

    def healed(self, before: Reading, now: Reading) -> str:
        return lives_again(before, now, ours=self.back)
