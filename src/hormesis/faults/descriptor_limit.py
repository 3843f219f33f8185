"""Let a process open no more files and connections."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.limit_release import escaped, left_min, soft_limit_back
from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class DescriptorLimit(Fault):
    """Limit how many more files and connections a running process may open; more fail (`EMFILE`).

    The soft limit of it and of each of its children is lowered to what is open plus ``left``, and
    put back on release, for children born meanwhile too: by descent, or by what they inherited.
    Not found is only one that detached and then changed its user, its control group or its limit.
    It bites once none is left. A service that is started again meanwhile is not limited, and the
    run is *unknown*.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS})
    mechanism: ClassVar[str] = "rlimit"
    holds: ClassVar[bool] = True

    left: int = Field(default=0, ge=0)
    """How many more descriptors it may open."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "resource": "nofile", "left": self.left}
        return [VerbCall("limit", args)]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        if left_min(now) != 0 or escaped(now):
            return ""
        lowered = f"limit {now.get('soft')}, before {now.get('soft_before')}"
        if now.get("left") != 0:
            return f"none was left for a while ({lowered})"
        return f"{now.get('used')} descriptors are open and none is left ({lowered})"

    def healed(self, before: Reading, now: Reading) -> str:
        return soft_limit_back(now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        left = left_min(now)
        return None if left is None else Measure(0, left, "free descriptors")
