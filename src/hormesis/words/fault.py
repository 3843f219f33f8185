"""Fault: pure data that says which facets it needs, which verbs it becomes, and how it bites."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.words.kind import Kind
from hormesis.words.look import Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class Fault(Kind):
    """One way to hurt one target, for a while.

    A fault handles exactly one target; selecting and iterating is the engine's work. It never
    acts: it returns verb calls, and judges readings of its own look.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset()
    """The facets a target must have."""

    momentary: ClassVar[bool] = False
    """True when the fault is over as soon as it has happened, so that ``for`` may be left out."""

    mechanism: ClassVar[str] = ""
    """How it is done, for the plan: ``signal``, ``proxy``, ``sql`` …"""

    def needed(self) -> frozenset[Facet]:
        """Return the facets a target must have for this fault with these parameters."""
        return self.needs

    @abstractmethod
    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the calls that inject this fault into *target*, in order.

        Each call's ``args`` must hold ``subject``: the service, link or database it touches.
        Undo is the custodian's business, in reverse order.
        """

    @abstractmethod
    def look(self, target: Target) -> Look:
        """Return the observation that shows whether this fault hurts *target*."""

    @abstractmethod
    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof, with numbers, that the fault bites; an empty text while it does not."""

    @abstractmethod
    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the bite is gone; an empty text while it is not."""
