"""Give a process less CPU time than it wants."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.limit_release import escaped, group_gone
from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall

_PERIOD_S = 0.1


class CpuLimit(Fault):
    """Hold a process and its children to a share of the CPU time, as a container's limit does.

    By ``cgroup-cpu`` the kernel throttles them; by ``duty-cycle``, without privilege, whoever has
    used up the share is stopped until the next tenth of a second. It bites only while the process
    wants more than it gets. A service that is started again meanwhile is not held back, and the run
    is *unknown*.
    """

    holds: ClassVar[bool] = True

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("cgroup-cpu", frozenset({Facet.PROCESS}), frozenset({"cgroup-cpu"})),
        Mechanism("duty-cycle", frozenset({Facet.PROCESS})),
    )

    cpus: float = Field(default=0.2, gt=0)
    """How many CPUs it may use: 0.2 is a fifth of one."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        subject = {"subject": target.service}
        if self.by == "cgroup-cpu":
            return [VerbCall("cgroup", {**subject, "controller": "cpu", "cpus": self.cpus})]
        return [
            # Makes good for a holder that is killed while it has the process stopped.
            VerbCall("pause", {**subject, "stop": False}),
            VerbCall("holder", {
                **subject, "program": "duty_cycle", "process": target.service,
                "config": {"cpus": self.cpus, "period_s": _PERIOD_S},
            }),
        ]  # fmt: skip

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        # The first one says who is stopped, which a holder that has ended cannot.
        return EffectLook() if self.by == "cgroup-cpu" else (EffectLook(0), EffectLook(1))

    def hurts(self, before: Reading, now: Reading) -> str:
        if escaped(now) or now.get("error"):
            return ""
        used = f"it uses {float(now.get('cpus_used') or 0):.3f} of {self.cpus:g} CPUs"
        if now.get("nr_throttled"):
            return f"throttled {now['nr_throttled']} times, {used} (cgroup v{now.get('cgroup')})"
        return f"stopped {now['stops']} times, {used}" if now.get("stops") else ""

    def healed(self, before: Reading, now: Reading) -> str:
        if self.by == "cgroup-cpu":
            return group_gone(now)
        free = now.get("processes") == 0 and now.get("held") == 0
        return "nobody is stopped, and nothing holds it back any more" if free else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        used = now.get("cpus_used")
        return None if used is None else Measure(self.cpus, float(used), "CPUs")
