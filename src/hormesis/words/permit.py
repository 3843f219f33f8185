"""The permit: what a run may do, enforced by the custodian, not promised by the engine.

Stdlib only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hormesis.words.verb import VerbCall


@dataclass(frozen=True, slots=True)
class Permit:
    """The blast radius of one run.

    ``allowed`` are the pairs of a verb and its subject: the service, link, database or folder that
    the call's ``subject`` argument names. ``bounded`` are those of them that may only be held for
    so long: all that faults call; the system itself is there until the end. ``watched`` are
    services that may be watched besides. ``children`` are the pairs of a slot and a service whose
    children the slot may stand for. ``hold_s_max`` bounds how long any effect may last, in
    seconds. ``effects_max`` bounds how many may be active at once.
    """

    allowed: tuple[tuple[str, str], ...] = ()
    watched: tuple[str, ...] = ()
    hold_s_max: float = 600.0
    effects_max: int = 256
    bounded: tuple[tuple[str, str], ...] = ()
    children: tuple[tuple[str, str], ...] = ()

    def refusal(self, call: VerbCall, hold_s: float | None, active: int) -> str:
        """Return why *call* is not allowed, or an empty text when it is."""
        subject = str(call.args.get("subject", ""))
        if not any(verb == call.verb for verb, _ in self.allowed):
            return f"the permit of this run does not allow the verb {call.verb!r}"
        if (call.verb, subject) not in self.allowed:
            return f"the permit of this run does not allow to {call.verb} {subject!r}"
        if hold_s is None and (call.verb, subject) in self.bounded:
            return f"to {call.verb} {subject!r} is not permitted without an end"
        if hold_s is not None and hold_s > self.hold_s_max:
            return f"a hold of {hold_s:g} s is longer than the permitted {self.hold_s_max:g} s"
        if active >= self.effects_max:
            return f"{active} effects are active, the permitted maximum is {self.effects_max}"
        return ""

    def names(self, service: str) -> bool:
        """Return whether *service* may be watched: it is named, alone or as a subject."""
        return service in self.watched or any(subject == service for _, subject in self.allowed)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Permit:
        """Rebuild a permit from :meth:`to_json`'s data."""
        allowed: Sequence[Sequence[str]] = data.get("allowed", ())
        bounded: Sequence[Sequence[str]] = data.get("bounded", ())
        watched: Sequence[str] = data.get("watched", ())
        children: Sequence[Sequence[str]] = data.get("children", ())
        return cls(
            allowed=tuple((str(verb), str(subject)) for verb, subject in allowed),
            bounded=tuple((str(verb), str(subject)) for verb, subject in bounded),
            watched=tuple(watched),
            hold_s_max=float(data.get("hold_s_max", 600.0)),
            effects_max=int(data.get("effects_max", 256)),
            children=tuple((str(slot), str(parent)) for slot, parent in children),
        )
