"""Take a server's connections away by opening many."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.units import PerSecond
from hormesis.words.verb import VerbCall


class ConnectionFlood(Fault):
    """Open many connections to a server from outside, say nothing, and hold them.

    What the server closes is opened again. It runs out of descriptors, workers or connection slots,
    or it defends itself; its other clients show which.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.ADDRESS})
    mechanism: ClassVar[str] = "tcp"

    count: int = Field(default=200, ge=1)
    """How many connections to hold."""
    rate: PerSecond | None = None
    """How fast to open them; left out: as fast as it goes."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {"address": target.address, "count": self.count, "per_s": self.rate or 0}
        return [VerbCall("holder", {
            "subject": target.name, "program": "connections", "config": config,
        })]  # fmt: skip

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        held, waiting = int(now.get("open") or 0), int(now.get("waiting") or 0)
        refused, reset = int(now.get("refused") or 0), int(now.get("reset") or 0)
        enough = held and held + waiting >= 0.9 * self.count
        # A server that refuses everybody may not even be there: then it is not we who hurt it.
        if not enough and not (held and refused) and not reset:
            return ""
        others = f"{waiting} wait, {refused} refused, {reset} closed by the server"
        return f"{held} of {self.count} connections held; {others}"

    def healed(self, before: Reading, now: Reading) -> str:
        return "the connections are closed" if now.get("ended") else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        return Measure(self.count, figure(now, "open"), "connections")
