"""Keep the CPUs busy with something else."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall


class CpuSaturation(Fault):
    """Burn CPU time, so that the target must share.

    By ``host`` on all CPUs of the machine (a target with `host: true`); by ``affinity`` on the CPUs
    that the target's process may use; by ``cgroup`` in the control group of the target's process,
    within the group's limit.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("host", frozenset({Facet.HOST})),
        Mechanism("affinity", frozenset({Facet.PROCESS})),
        Mechanism("cgroup", frozenset({Facet.PROCESS}), frozenset({"cgroup-cpu"})),
    )

    share: Share = Field(default=1.0, gt=0)
    """How much of each worker's time is burnt."""
    workers: int = Field(default=0, ge=0)
    """How many workers; 0: one for each CPU."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {"where": self.by, "share": self.share, "workers": self.workers}
        args = {
            "subject": target.service or target.name, "program": "cpu_burn", "config": config,
        }  # fmt: skip
        return [VerbCall("holder", {**args, "process": target.service} if target.service else args)]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        burnt, asked = figure(now, "cpus_burnt"), figure(now, "cpus_asked")
        busy = figure(now, "busy")
        full = burnt >= 0.5 * asked or busy >= 0.95 or now.get("throttled")
        if not burnt or not full:
            return ""
        return f"{burnt:.2f} of {asked:g} CPUs burnt, the machine is {busy:.0%} busy"

    def healed(self, before: Reading, now: Reading) -> str:
        return "what burnt CPU time is gone" if now.get("processes") == 0 else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        burnt = now.get("cpus_burnt")
        return None if burnt is None else Measure(
            figure(now, "cpus_asked"), float(burnt), "CPUs"
        )
