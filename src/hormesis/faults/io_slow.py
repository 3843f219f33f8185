"""Operations on files take longer."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

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
from hormesis.words.units import Seconds, Share
from hormesis.words.verb import VerbCall

ENOUGH = 0.8
"""The share of the asked delay that must be measured before it counts as biting."""


class IoSlow(Fault):
    """Let reads, writes and other operations on files take *delay* longer.

    On a volume of kind ``fuse`` a rule holds them up, whoever asks. In a running process ``strace``
    does; see ``io-error`` for which files and calls that means.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_RULE, BY_STRACE)

    delay: Seconds = Field(gt=0)
    """How much longer each takes."""
    operations: tuple[Operation, ...] = Field(default=("read", "write", "fsync"), min_length=1)
    """Which operations are slow; ``[fsync]`` alone is a disk with a full write cache."""
    files: str = ""
    """Only files of this name, a pattern such as ``pg_wal/*`` or ``*.db``; empty: all."""
    share: Share = Field(default=1.0, gt=0)
    """Which share of them is slow; by strace, every n-th."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "fuse":
            return [
                rule_call(
                    target,
                    self.kind,
                    operations=list(self.operations),
                    match=self.files,
                    share=self.share,
                    delay_s=self.delay,
                )
            ]
        return [
            strace_call(
                target, self.operations, files=self.files, share=self.share, delay_s=self.delay
            )
        ]

    def look(self, target: Target) -> Look:
        return rule_look(target) if self.by == "fuse" else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        mean, hits = count(now, "delay_ms_mean"), count(now, "hits")
        if not hits or mean < ENOUGH * 1000 * self.delay:
            return ""
        return f"added {mean:.0f} ms to {hits:.0f} operations (asked {1000 * self.delay:g} ms)"

    def healed(self, before: Reading, now: Reading) -> str:
        return rule_is_gone(now) if self.by == "fuse" else strace_is_gone(now)

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        if not count(now, "hits"):
            return None
        return Measure(1000 * self.delay, count(now, "delay_ms_mean"), "ms")
