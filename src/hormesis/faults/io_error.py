"""Operations on files fail."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field

from hormesis.host.fuse.rule_fault import (
    BY_RULE,
    BY_STRACE,
    Operation,
    count,
    rule_call,
    rule_is_gone,
    rule_look,
    strace_call,
    strace_is_gone,
)
from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall


class IoError(Fault):
    """Let reads, writes and other operations on files fail with an error of your choice.

    On a volume of kind ``fuse`` a rule refuses them, whoever asks. In a running process ``strace``
    does, which is slower: every call on the way is traced. There a target with a ``path`` means
    the files below it that are open when the fault begins; without one, ``read`` and ``write``
    mean only the calls with a position (``pread``, ``pwrite``): the plain ones serve sockets too.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_RULE, BY_STRACE)

    error: Literal["EIO", "ENOSPC", "EROFS", "EDQUOT", "EACCES", "ENOENT", "ENOMEM", "EMFILE"] = (
        "EIO"
    )
    """The error they fail with."""
    operations: tuple[Operation, ...] = Field(default=("read", "write", "fsync"), min_length=1)
    """Which operations fail; ``[fsync]`` alone is a disk that loses what it had taken."""
    files: str = ""
    """Only files of this name, a pattern such as ``pg_wal/*`` or ``*.db``; empty: all."""
    share: Share = Field(default=1.0, gt=0)
    """Which share of them fails; by strace, every n-th."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "fuse":
            return [
                rule_call(
                    target,
                    self.kind,
                    operations=list(self.operations),
                    match=self.files,
                    share=self.share,
                    errno=self.error,
                )
            ]
        return [
            strace_call(
                target, self.operations, files=self.files, share=self.share, errno=self.error
            )
        ]

    def look(self, target: Target) -> Look:
        return rule_look(target) if self.by == "fuse" else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        hits, seen = count(now, "hits"), count(now, "seen")
        return f"{hits:.0f} of {seen:.0f} operations failed with {self.error}" if hits else ""

    def healed(self, before: Reading, now: Reading) -> str:
        return rule_is_gone(now) if self.by == "fuse" else strace_is_gone(now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        seen = count(now, "seen")
        return Measure(100 * self.share, 100 * count(now, "hits") / seen, "%") if seen else None
