"""A disk turns read-only."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.faults.parts.rule_fault import (
    BY_RULE,
    BY_STRACE,
    CHANGES,
    rule_call,
    rule_is_gone,
    rule_look,
    strace_call,
    strace_is_gone,
)
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class ReadOnly(Fault):
    """Let everything that would change a file fail with EROFS, as when a disk has gone bad.

    On a volume of kind ``fuse`` a rule does it, also to files that are open. Another mounted file
    system is remounted read-only, which the kernel refuses while a file on it is open for writing.
    In a running process ``strace`` does it; see ``io-error`` for which files and calls that means.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        BY_RULE,
        Mechanism("remount", frozenset({Facet.PATH}), frozenset({"mount"})),
        BY_STRACE,
    )

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "fuse":
            return [rule_call(target, self.kind, operations=list(CHANGES), errno="EROFS")]
        if self.by == "remount":
            subject = target.volume or target.path
            return [VerbCall("remount", {"subject": subject, "path": target.path})]
        return [strace_call(target, CHANGES, errno="EROFS")]

    def look(self, target: Target) -> Look:
        return rule_look(target) if self.by == "fuse" else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        if self.by == "remount":
            refused = now.get("read_only") is True and now.get("wrote") == "EROFS"
            return "a write fails with EROFS" if refused else ""
        hits = figure(now, "hits")
        return f"{hits:.0f} changes failed with EROFS" if hits else ""

    def healed(self, before: Reading, now: Reading) -> str:
        if self.by == "remount":
            return "a write goes through again" if now.get("wrote") == "ok" else ""
        return rule_is_gone(now) if self.by == "fuse" else strace_is_gone(now)
