"""Pause a process: it keeps its connections but does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class Pause(Fault):
    """Freeze a process and its children; on release they go on.

    To its peers it looks hung, not gone: connections stay open and nothing answers. By ``signal``
    it is stopped with SIGSTOP, which its parent can notice; by ``cgroup-freezer`` the kernel
    freezes it, which nobody can. One that is started again meanwhile is not held, and the run is
    *unknown*; one that its own supervisor ends while it is frozen has been hurt as asked. One that
    ends only after it was released is not healed.
    """

    holds: ClassVar[bool] = True

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("signal", frozenset({Facet.PROCESS})),
        Mechanism("cgroup-freezer", frozenset({Facet.PROCESS}), frozenset({"cgroup-freezer"})),
    )

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "cgroup-freezer":
            args = {"subject": target.service, "controller": "freezer"}
            return [VerbCall("cgroup", args)]
        return [VerbCall("pause", {"subject": target.service})]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        state = ProcessLook(target.service or "")
        return (EffectLook(), state) if self.by == "cgroup-freezer" else state

    def hurts(self, before: Reading, now: Reading) -> str:
        if figure(now, "outside"):
            return ""
        if now.get("frozen"):
            return f"pid {now.get('pid')} is frozen (cgroup v{now.get('cgroup')})"
        if now.get("state") == "gone" and before.get("pid"):
            return _ended(before)
        return f"pid {now.get('pid')} is stopped" if now.get("state") == "stopped" else ""

    def healed(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "running" and not now.get("frozen"):
            return f"pid {now.get('pid')} runs again"
        # One that only ends once it goes on did not survive it: that is for somebody to look into.
        ended = now.get("state") == "gone" and now.get("ended_held") and before.get("pid")
        return _ended(before) if ended else ""


def _ended(before: Reading) -> str:
    return f"pid {before.get('pid')} was ended while it was frozen"
