"""Fill the memory of a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall


class GpuMemory(Fault):
    """Hold a GPU's memory until a share of it is in use, through its CUDA driver.

    Programs that want more get an out-of-memory error from the driver. The driver frees everything
    when the fault ends, however it ends.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.HOST})
    mechanism: ClassVar[str] = "cuda"
    means: ClassVar[frozenset[str]] = frozenset({"gpu"})

    share: Share = Field(default=0.95, gt=0)
    """The share of its memory to be in use, by whomever."""
    device: int = Field(default=0, ge=0)
    """Which GPU, by its number."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {"share": self.share, "device": self.device}
        return [VerbCall("holder", {
            "subject": target.name, "program": "gpu_memory", "config": config,
        })]  # fmt: skip

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        held, share = figure(now, "held"), figure(now, "share")
        if not held or share < 0.95 * self.share:
            return ""
        total = figure(now, "total")
        return f"{held / 1e6:.0f} MB held, {share:.1%} of {total / 1e6:.0f} MB in use"

    def healed(self, before: Reading, now: Reading) -> str:
        return "the memory is free again" if now.get("ended") else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        share = now.get("share")
        return None if share is None else Measure(self.share, float(share), "share")
