"""A disk runs full."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.host.fuse.rule_fault import (
    BY_RULE,
    count,
    rule_call,
    rule_is_gone,
    rule_look,
)
from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Bytes
from hormesis.words.verb import VerbCall

SLACK_BLOCKS = 64
"""How many blocks may stay free beyond what was asked: a file system keeps some for its own."""


class DiskFull(Fault):
    """Fill the file system that a folder lies on until only *leave* is free.

    The filling is one file in that folder; removing it is the undo. A file system that is not a
    volume of the run keeps 1 GiB and 5 % free, whatever else uses it, unless you set *floor*. On a
    volume of kind ``fuse`` a rule refuses every write instead and the volume says that it is full.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        BY_RULE,
        Mechanism("ballast", frozenset({Facet.PATH})),
    )

    leave: Bytes = 0
    """How much stays free for users other than root."""
    floor: Bytes | None = Field(default=None)
    """For a folder that is no volume of the run: what must stay free there; left out: the larger
    of 1 GiB and 5 % of its size."""

    def ways(self) -> tuple[Mechanism, ...]:
        # A rule knows only all or nothing.
        return self.mechanisms if not self.leave else self.mechanisms[1:]

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "fuse":
            refused = ("write", "create", "mkdir")
            return [
                rule_call(
                    target, self.kind, operations=list(refused), errno="ENOSPC", bytes_free=0
                )
            ]
        args = {
            "subject": target.volume or target.path,
            "path": target.path,
            "what": "bytes",
            "leave": self.leave,
            "floor": self.floor,
        }
        return [VerbCall("ballast", args)]

    def look(self, target: Target) -> Look:
        return rule_look(target) if self.by == "fuse" else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        if self.by == "fuse":
            hits = count(now, "hits")
            return f"{hits:.0f} writes failed with ENOSPC" if hits else ""
        free, was = count(now, "free"), count(now, "free_before")
        if "free" not in now or free > self.leave + SLACK_BLOCKS * count(now, "block"):
            return ""
        refused = now.get("wrote") == "ENOSPC"
        if not self.leave and not refused:
            return ""
        tried = "; a write of more fails with ENOSPC" if refused else ""
        return f"{free:,.0f} of {was:,.0f} free bytes are left{tried}"

    def healed(self, before: Reading, now: Reading) -> str:
        if self.by == "fuse":
            return rule_is_gone(now)
        free = count(now, "free")
        enough = free > self.leave + SLACK_BLOCKS * count(now, "block")
        if now.get("filled") is False and (now.get("wrote") == "ok" or enough):
            return f"{free:,.0f} bytes are free again"
        return ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        return Measure(self.leave, count(now, "free"), "B free") if "free" in now else None
