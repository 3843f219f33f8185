"""A disk takes no more files."""

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
from hormesis.words.verb import VerbCall


class Inodes(Fault):
    """Use up the inodes of the file system that a folder lies on until only *leave* are free.

    New files fail with ENOSPC although there is space, and files that are there can grow. They are
    used up by empty files in one folder, whose removal is the undo; a volume with few ``inodes``
    makes that quick. On a volume of kind ``fuse`` a rule refuses new files instead.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        BY_RULE,
        Mechanism("ballast", frozenset({Facet.PATH})),
    )

    leave: int = Field(default=0, ge=0)
    """How many stay free."""
    floor: int | None = Field(default=None, ge=0)
    """For a folder that is no volume of the run: how many must stay free there; left out: the
    larger of 10,000 and 5 %."""

    def ways(self) -> tuple[Mechanism, ...]:
        # A rule knows only all or nothing.
        return self.mechanisms if not self.leave else self.mechanisms[1:]

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "fuse":
            refused = ("create", "mkdir")
            return [
                rule_call(
                    target, self.kind, operations=list(refused), errno="ENOSPC", files_free=0
                )
            ]
        args = {
            "subject": target.volume or target.path,
            "path": target.path,
            "what": "files",
            "leave": self.leave,
            "floor": self.floor,
        }
        return [VerbCall("ballast", args)]

    def look(self, target: Target) -> Look:
        return rule_look(target) if self.by == "fuse" else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        if self.by == "fuse":
            hits = count(now, "hits")
            return f"{hits:.0f} new files failed with ENOSPC" if hits else ""
        free, was = count(now, "files_free"), count(now, "files_free_before")
        if "files_free" not in now or free > self.leave or now.get("made") not in ("ENOSPC", ""):
            return ""
        tried = "; a new one fails with ENOSPC" if now.get("made") else ""
        return f"{free:,.0f} of {was:,.0f} free inodes are left{tried}"

    def healed(self, before: Reading, now: Reading) -> str:
        if self.by == "fuse":
            return rule_is_gone(now)
        free = count(now, "files_free")
        if now.get("filled") is False and (now.get("made") == "ok" or free > self.leave):
            return f"{free:,.0f} inodes are free again"
        return ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        if "files_free" not in now:
            return None
        return Measure(self.leave, count(now, "files_free"), "inodes free")
