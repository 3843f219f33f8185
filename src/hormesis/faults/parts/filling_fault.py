"""Filling faults: what all faults have in common that use up what a file system has to give."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from hormesis.faults.parts.rule_fault import BY_RULE, rule_call, rule_is_gone, rule_look
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, Reading, figure
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall

BY_BALLAST = Mechanism("ballast", frozenset({Facet.PATH}))


class FillingFault(Fault):
    """A fault that a rule on a volume of kind fuse pretends, or the verb ``ballast`` does.

    Subclasses have the fields ``left`` and ``floor``, in units of their own.
    """

    mechanisms: ClassVar[tuple[Mechanism, ...]] = (BY_RULE, BY_BALLAST)
    what: ClassVar[str] = ""
    """What ballast takes: bytes or files."""
    refused: ClassVar[tuple[str, ...]] = ()
    """The operations that a rule refuses."""
    told_free: ClassVar[str] = ""
    """The rule's attribute that says how much the volume tells to be free."""

    @abstractmethod
    def bounds(self) -> tuple[int, int | None]:
        """Return how much is left, and the floor of a folder that is no volume of the run."""

    @abstractmethod
    def filled(self, now: Reading) -> str:
        """Return the proof that ballast has used it up, or an empty text."""

    @abstractmethod
    def free_again(self, now: Reading) -> str:
        """Return the proof that it is free again now that the ballast is gone."""

    def ways(self) -> tuple[Mechanism, ...]:
        """Return the ways; a rule knows only all or nothing."""
        return (BY_BALLAST,) if self.bounds()[0] else self.mechanisms

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call that begins it."""
        if self.by == BY_RULE.name:
            rule: dict[str, Any] = {"operations": list(self.refused), self.told_free: 0}
            return [rule_call(target, self.kind, errno="ENOSPC", **rule)]
        left, floor = self.bounds()
        args = {
            "subject": target.volume or target.path, "path": target.path, "what": self.what,
            "left": left, "floor": floor,
        }  # fmt: skip
        return [VerbCall("ballast", args)]

    def look(self, target: Target) -> Look:
        """Return the look at the rule, or at the file system."""
        return rule_look(target) if self.by == BY_RULE.name else EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof."""
        if self.by != BY_RULE.name:
            return self.filled(now)
        hits = figure(now, "hits")
        noun = "writes" if self.what == "bytes" else "new files"
        return f"{hits:.0f} {noun} failed with ENOSPC" if hits else ""

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that it is over."""
        if self.by == BY_RULE.name:
            return rule_is_gone(now)
        return self.free_again(now) if now.get("filled") is False else ""
