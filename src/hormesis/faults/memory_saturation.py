"""Fill the memory that a target shares."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.units import Bytes, Share
from hormesis.words.verb import VerbCall


class MemorySaturation(Fault):
    """Hold memory, so that little is left.

    By ``host`` a share of what the machine has available (a target with `host: true`), and never
    more than leaves ``floor``; by ``cgroup`` until the control group of the target's process uses
    the share of its limit. What holds the memory offers itself first to the kernel's out-of-memory
    killer.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("host", frozenset({Facet.HOST})),
        Mechanism("cgroup", frozenset({Facet.PROCESS}), frozenset({"cgroup-memory"})),
    )

    share: Share = Field(default=0.9, gt=0)
    """The share of the memory to be in use."""
    floor: Bytes = 512_000_000
    """What the machine keeps available, whatever the share says."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {"of": self.by, "share": self.share, "floor_bytes": self.floor}
        args = {
            "subject": target.service or target.name, "program": "memory_hog", "config": config,
        }  # fmt: skip
        return [VerbCall("holder", {**args, "process": target.service} if target.service else args)]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        held, limit = figure(now, "held"), figure(now, "limit")
        share = figure(now, "share")
        goal = self.share * limit
        if self.by == "host":
            goal, share = min(goal, limit - self.floor), held / limit if limit else 0.0
        reached = held >= 0.9 * goal if self.by == "host" else share >= 0.9 * self.share
        if not held or not reached:
            return ""
        return f"{held / 1e6:.0f} MB held, {share:.1%} of {limit / 1e6:.0f} MB in use"

    def healed(self, before: Reading, now: Reading) -> str:
        # The kernel takes a process's memory back before the process is gone.
        return "what held the memory is gone" if now.get("processes") == 0 else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        limit = figure(now, "limit")
        if not limit:
            return None
        used = float(now.get("held" if self.by == "host" else "used") or 0)
        return Measure(self.share, round(used / limit, 4), "share")
