"""Fault: pure data that says which facets it needs, which verbs it becomes, and how it bites."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from hormesis.words.kind import Kind
from hormesis.words.look import Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to do a fault: what it needs of the target, and which means of the machine."""

    name: str
    needs: frozenset[Facet]
    means: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Measure:
    """A bite as a number: what was asked, what was seen, and the unit of both."""

    asked: float
    seen: float
    unit: str


class Fault(Kind):
    """One way to hurt one target, for a while.

    A fault handles exactly one target; selecting and iterating is the engine's work. It never
    acts: it returns verb calls, and judges readings of its own look.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset()
    """The facets a target must have, where there is one way to do it."""

    mechanism: ClassVar[str] = ""
    """How it is done, where there is one way: ``signal``, ``proxy``, ``sql`` …"""

    means: ClassVar[frozenset[str]] = frozenset()
    """Which means of the machine that one way takes."""

    mechanisms: ClassVar[tuple[Mechanism, ...]] = ()
    """Every way to do it, the best first, where there are several."""

    momentary: ClassVar[bool] = False
    """True when the fault is over as soon as it has happened, so that ``for`` may be left out."""

    holds: ClassVar[bool] = False
    """True when its bite, once seen, can be seen until the release: one that is gone before makes
    the run unknown, since the target was not hurt for as long as was asked."""

    told_elsewhere: ClassVar[frozenset[str]] = frozenset({"by"})

    by: str = ""
    """The mechanism; left out: the first one that the target and this machine allow."""

    @classmethod
    def every_way(cls) -> tuple[Mechanism, ...]:
        """Return every way to do this fault, whatever its parameters, the best first."""
        return cls.mechanisms or (Mechanism(cls.mechanism, cls.needs, cls.means),)

    def ways(self) -> tuple[Mechanism, ...]:
        """Return every way to do this fault with these parameters, the best first."""
        return self.every_way()

    @abstractmethod
    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the calls that inject this fault into *target*, in order.

        Each call's ``args`` must hold ``subject``: the service, link or database it touches.
        Undo is the custodian's business, in reverse order. ``by`` is set when this is called.
        """

    @abstractmethod
    def look(self, target: Target) -> Look | tuple[Look, ...]:
        """Return what shows whether this fault hurts *target*; readings of several are merged."""

    @abstractmethod
    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof, with numbers, that the fault bites; an empty text while it does not."""

    @abstractmethod
    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the bite is gone; an empty text while it is not."""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the bite as a number beside the asked one; None where there is no number."""
        return None

    def unseen(self, before: Reading, now: Reading) -> str:
        """Return in words why the bite was not seen; empty where the readings must do."""
        return ""


class NoWay(Exception):
    """No mechanism can do the fault to this target here.

    ``lacking`` is true when the target could be hit on a machine that had the means.
    """

    def __init__(self, reason: str, *, lacking: bool) -> None:
        super().__init__(reason)
        self.lacking = lacking


def chosen(fault: Fault, target: Target, missing: Mapping[str, str]) -> Fault:
    """Return *fault* with its mechanism chosen for *target*.

    ``missing`` says of each means that the machine lacks why it does.

    Raises:
        NoWay: none of its mechanisms will do, with the reason of each.
    """
    ways = fault.ways()
    if fault.by:
        ways = tuple(way for way in ways if way.name == fault.by)
        if not ways:
            known = ", ".join(way.name for way in fault.ways())
            raise NoWay(f"{fault.kind} is done by {known}, not by {fault.by}", lacking=False)
    reasons, lacking = [], False
    for way in ways:
        facets = sorted(facet.value for facet in way.needs - target.facets)
        means = [f"{name}: {missing[name]}" for name in sorted(way.means) if missing.get(name)]
        if not facets and not means:
            return fault.model_copy(update={"by": way.name})
        lacking = lacking or not facets
        told = means if not facets else [f"the target has no {' and no '.join(facets)}"]
        reasons.append(f"by {way.name}: {'; '.join(told)}")
    raise NoWay(f"{fault.kind} cannot be done here ({', or '.join(reasons)})", lacking=lacking)
