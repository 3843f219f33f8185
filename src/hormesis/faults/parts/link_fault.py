"""Link faults: what all faults that are toxics on a proxied link have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import Any, ClassVar

from pydantic import Field

from hormesis.words.fault import Fault
from hormesis.words.look import LinkLook, Reading
from hormesis.words.shaper import Stream
from hormesis.words.target import Facet, Target
from hormesis.words.units import Share
from hormesis.words.verb import VerbCall


class LinkFault(Fault):
    """A fault that is one toxic, of the same kind, on the target's link."""

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.LINK})
    mechanism: ClassVar[str] = "proxy"

    share: Share = 1.0
    """Which share of the link's connections is hit; drawn once for each, live ones included."""
    first: int | None = Field(default=None, ge=1)
    """Only the first so many connections are hit; left out: all of them."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes, written as in files: this fault's own fields."""
        return self.model_dump(mode="json", exclude={*LinkFault.model_fields, "stream"})

    @abstractmethod
    def bite(self, now: Reading) -> str:
        """Return the proof in a reading of this toxic, or an empty text."""

    def direction(self) -> Stream | None:
        """Return the direction the toxic acts on; None leaves it to the toxic."""
        return None

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        """Return the one call that adds the toxic; the engine names it and the control socket."""
        args: dict[str, Any] = {
            "subject": _link_of(target),
            "toxic": self.kind,
            "attributes": self.attributes(),
        }
        if self.first is not None:
            args["attributes"] = {**args["attributes"], "first": self.first}
        if self.share < 1:
            args["toxicity"] = self.share
        if (direction := self.direction()) is not None:
            args["stream"] = direction.value
        return (VerbCall("toxic", args),)

    def look(self, target: Target) -> LinkLook:
        """Return the look at this fault's own toxic."""
        return LinkLook(_link_of(target))

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the proof; an earlier toxic of the same name proves nothing."""
        if now.get("error") or now.get("generation") == before.get("generation", 0):
            return ""
        return self.bite(now)

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the toxic is gone."""
        return "the toxic is gone from the link" if now.get("active") is False else ""


def _link_of(target: Target) -> str:
    if target.link is None:
        raise ValueError(f"expected a target with a link, found {target.name!r}")
    return target.link
