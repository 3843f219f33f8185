"""Request fault: what all faults have in common that spoil single requests of a link."""

from __future__ import annotations

from abc import abstractmethod

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.faults.parts.none_meant import none_meant
from hormesis.proxy.occasions import Occasions
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure


class RequestFault(Occasions, LinkFault):
    """A fault that does something to each of some requests."""

    @abstractmethod
    def done(self, hits: str, met: str) -> str:
        """Return what was done to *hits* of *met* matching requests."""

    def bite(self, now: Reading) -> str:
        """Return how many of the matching requests were hit."""
        hits, met = figure(now, "hits"), figure(now, "met")
        return self.done(f"{hits:.0f}", f"{met:.0f}") if hits else ""

    def unseen(self, before: Reading, now: Reading) -> str:
        """Return that none of what came was meant, and what did come."""
        return none_meant(now, getattr(self, "matching", ""))

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of the matching requests that was hit, where it does not change."""
        met = figure(now, "met")
        if not met or self.skip or self.first is not None:
            return None
        return Measure(self.probability, figure(now, "hits") / met, "of the matching requests")
