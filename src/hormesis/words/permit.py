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

    ``verbs`` are the allowed verb names. ``subjects`` are the services, links and databases that
    may be touched, as they appear in a call's ``subject`` argument. ``hold_s_max`` bounds how long
    any effect may last, in seconds. ``effects_max`` bounds how many may be active at once.
    """

    verbs: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    hold_s_max: float = 600.0
    effects_max: int = 256

    def refusal(self, call: VerbCall, hold_s: float | None, active: int) -> str:
        """Return why *call* is not allowed, or an empty text when it is."""
        subject = call.args.get("subject", "")
        if call.verb not in self.verbs:
            return f"the permit of this run does not allow the verb {call.verb!r}"
        if subject and subject not in self.subjects:
            return f"the permit of this run does not name {subject!r}"
        if hold_s is not None and hold_s > self.hold_s_max:
            return f"a hold of {hold_s:g} s is longer than the permitted {self.hold_s_max:g} s"
        if active >= self.effects_max:
            return f"{active} effects are active, the permitted maximum is {self.effects_max}"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Permit:
        """Rebuild a permit from :meth:`to_json`'s data."""
        verbs: Sequence[str] = data.get("verbs", ())
        subjects: Sequence[str] = data.get("subjects", ())
        return cls(
            verbs=tuple(verbs),
            subjects=tuple(subjects),
            hold_s_max=float(data.get("hold_s_max", 600.0)),
            effects_max=int(data.get("effects_max", 256)),
        )
