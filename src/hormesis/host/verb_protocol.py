"""What a verb is to the custodian: capture, perform, undo.

A verb is a module in ``host/verbs`` whose file stem is its name. ``capture`` reads whatever undo
will need and changes nothing; its facts are durable before ``perform`` begins. ``undo`` must cope
with an effect that was never performed, was performed halfway, or was undone before, because a
crash can leave it at any of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hormesis.host.steps import Steps
from hormesis.words.verb import Undone

if TYPE_CHECKING:
    from hormesis.host.companion import Companion
    from hormesis.host.services import Services

Facts = dict[str, Any]
"""What is known about an effect; survives JSON unchanged and lies in the ledger."""
Args = Mapping[str, Any]


class NothingDone(Exception):
    """The verb refused or failed before it changed anything, so there is nothing to undo."""


class Missing(NothingDone):
    """This machine lacks what the operation takes, so the fault is skipped and counted."""


class VerbFailed(Exception):
    """The verb failed after it may have changed something; what it did is undone."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What one effect of one run may use.

    ``note`` adds facts to the ledger, durably, before it returns. ``leaving`` is true while the
    whole run is being reverted: what belongs to the run is not started again only to be stopped.
    """

    run: str
    effect: str
    note: Callable[[Facts], None]
    services: Services
    companions: dict[str, Companion]
    leaving: bool = False

    @property
    def mark(self) -> str:
        """The ownership mark of what this effect starts."""
        return f"{self.run}/{self.effect}"


class Verb(Protocol):
    """A reversible operation on the host; implemented by a module."""

    survives_reboot: bool
    """Whether the effect outlives a reboot, so that it must be undone even then."""

    def capture(self, scene: Scene, args: Args) -> Facts:
        """Return what undo needs, changing nothing.

        Raises:
            NothingDone: the operation is not possible, with the reason.
        """
        ...

    def perform(self, scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
        """Do it and return further facts.

        Raises:
            NothingDone: nothing was changed.
            VerbFailed: something may have been changed.
        """
        ...

    def undo(self, scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
        """Put it back; safe to repeat, at any stage of ``perform``, by any process.

        Raises:
            Exception: it is not undone; the effect stays open and is tried again.
        """
        ...


class Reader(Protocol):
    """The function ``read`` that a verb may have: how its effect stands, also when undone."""

    def __call__(self, scene: Scene, args: Args, facts: Facts) -> Facts:
        """Return flat scalars; what is not there any more is left out, and nothing is raised."""
        ...
