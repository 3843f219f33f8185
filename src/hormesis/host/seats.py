"""Seats: which living child each slot stands for, from the moment that a fault asks for it.

A slot is a service without a recipe: its process is somebody else's to start. It is looked up anew
for each injection, and means one process, pid and start, until nobody holds the slot any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from hormesis.host.descent import children_of
from hormesis.host.process import Identity
from hormesis.host.service import Service
from hormesis.host.services import Services
from hormesis.host.verb_protocol import NothingDone


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fault's wish for a child. ``draw`` is shared by all members of one round of a track.

    ``of``, ``matching``, ``order`` and ``number`` (from 1) are the slot's; ``share`` is the share
    of the living children that the draw may take at most, None: all.
    """

    slot: str
    holder: str
    draw: str
    of: tuple[str, ...]
    matching: str = ""
    order: str = "oldest"
    number: int = 1
    share: float | None = None


@dataclass(slots=True)
class _Draw:
    """The children that lived when the first of a round's members was looked for."""

    living: list[Identity]
    taken: dict[str, Identity | None] = field(default_factory=dict)
    """Who was given to which holder."""
    left: set[str] = field(default_factory=set)


class Seats:
    """The slots of one run."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._holders: dict[str, set[str]] = {}
        self._draws: dict[str, _Draw] = {}
        self._generations: dict[str, int] = {}

    def take(self, wanted: Wanted) -> Service | None:
        """Return the slot's service, with the child it stands for now.

        None when the others of its draw have taken all that there are.

        Raises:
            NothingDone: no child lives, or all of them stand for other slots or services.
        """
        draw = self._draws.get(wanted.draw) or _Draw(self._living(wanted))
        if not draw.living:
            like = f" with {wanted.matching!r} in its command line" if wanted.matching else ""
            raise NothingDone(f"no child of {', '.join(wanted.of)}{like} lives now")
        most = len(draw.living)
        if wanted.share is not None:
            most = max(1, floor(wanted.share * most + 0.5))
        service = self._services.find(wanted.slot)
        if service is None or service.state == "gone":
            who = self._free(wanted, draw)
            if who is None and not draw.taken:
                raise NothingDone(f"all {len(draw.living)} {_held_elsewhere(wanted)}")
            if who is None and len(draw.taken) < most and (lost := self._lost(wanted, draw)):
                # Less than was asked for is hit, although there are enough of them.
                raise NothingDone(f"{lost} of {len(draw.living)} {_held_elsewhere(wanted)}")
            if who is None or len(draw.taken) >= most:
                return None
            service = self._seated(wanted.slot, who)
        elif len(draw.taken) >= most:
            return None
        self._draws[wanted.draw] = draw
        draw.taken[wanted.holder] = service.process
        self._holders.setdefault(wanted.slot, set()).add(wanted.holder)
        return service

    def leave(self, slot: str, holder: str) -> None:
        """Let *holder* give up the slot; the last one ends what the slot stands for."""
        holders = self._holders.get(slot, set())
        holders.discard(holder)
        for name, draw in list(self._draws.items()):
            if holder in draw.taken:
                draw.left.add(holder)
                if draw.left == draw.taken.keys():
                    del self._draws[name]
        service = self._services.find(slot)
        if not holders and service is not None:
            self._services.vanished()  # Whoever was killed is told of before it is forgotten.
            self._services.withdraw(service)

    def _seated(self, slot: str, who: Identity) -> Service:
        self._services.vanished()
        self._generations[slot] = self._generations.get(slot, 0) + 1
        # Its end is its parent's business or a fault's; nobody else is to account for it.
        service = Service(
            slot, process=who, generation=self._generations[slot], wanted=False, expected=True,
            slot=True,
        )  # fmt: skip
        self._services.add(service)
        return service

    def _living(self, wanted: Wanted) -> list[Identity]:
        families: list[Sequence[Identity]] = []
        for name in wanted.of:
            parent = self._services.need(name)
            families.append(parent.members(self._services.run))
        found = children_of(families, wanted.matching)
        return found if wanted.order == "oldest" else found[::-1]

    def _lost(self, wanted: Wanted, draw: _Draw) -> int:
        """Return how many living children no slot of this target can have."""
        kin = wanted.slot.rpartition("-")[0]
        others = {
            one.process
            for one in self._services
            if not (one.slot and one.name.rpartition("-")[0] == kin)
        }
        return sum(who.alive and who in others for who in draw.living)

    def _free(self, wanted: Wanted, draw: _Draw) -> Identity | None:
        """Return the child whose turn it is, or the next that is free."""
        others = {one.process for one in self._services if one.name != wanted.slot}
        taken = {*others, *draw.taken.values()}
        start = (wanted.number - 1) % len(draw.living)
        turned = [*draw.living[start:], *draw.living[:start]]
        return next((who for who in turned if who.alive and who not in taken), None)


def _held_elsewhere(wanted: Wanted) -> str:
    return f"living children of {', '.join(wanted.of)} stand for other targets now"
