"""File faults: what all faults have in common that hurt single operations on files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from pydantic import Field

from hormesis.faults.parts.rule_fault import (
    BY_RULE,
    BY_STRACE,
    Operation,
    rule_call,
    rule_is_gone,
    rule_look,
    strace_call,
    strace_is_gone,
)
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall


class FileFault(Fault):
    """A fault that a volume of kind fuse does to operations on files, or strace to system calls."""

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_RULE, BY_STRACE)

    operations: tuple[Operation, ...] = Field(default=("read", "write", "fsync"), min_length=1)
    """Which operations are hit; ``[fsync]`` alone is what a disk's own cache is at fault for."""
    files: str = ""
    """Only files of this name, a pattern such as ``pg_wal/*`` or ``*.db``; empty: all."""
    share: Share = Field(default=1.0, gt=0)
    """Which share of them is hit; by strace, every n-th, and never more."""

    @abstractmethod
    def harm(self) -> dict[str, Any]:
        """Return what is done to an operation that is hit: its ``errno`` or its ``delay_s``."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call that begins it."""
        if self.by == BY_STRACE.name:
            which = {"files": self.files, "share": self.share}
            return [strace_call(target, self.operations, **which, **self.harm())]
        which = {"operations": list(self.operations), "match": self.files, "share": self.share}
        return [rule_call(target, self.kind, **which, **self.harm())]

    def look(self, target: Target) -> Look:
        """Return the look at its own counters."""
        return rule_look(target) if self.by == BY_RULE.name else EffectLook()

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that nothing is hit any more."""
        return rule_is_gone(now) if self.by == BY_RULE.name else strace_is_gone(now)
