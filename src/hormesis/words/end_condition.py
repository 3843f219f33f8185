"""End conditions: what ends the tracks before their time, in good order, because enough was seen.

Other than a stop condition, which guards against harm, an end condition only saves time: the run
is judged on its history, as one that went on to its planned end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hormesis.words.probe import Probe
from hormesis.words.trouble import Place
from hormesis.words.units import text_of_seconds

EARLY = "early"
"""The field of a history's end that holds what ended the tracks early."""


@dataclass(frozen=True, slots=True)
class EndCondition:
    """A probe that meets its expectation, or a probe track whose values do not change any more.

    Exactly one of ``probe`` and ``gives_up_on``, a probe track's name, is given. A probe is looked
    at every ``every_s`` seconds and must meet its expectation for ``for_s`` seconds on end. A
    track is given up when ``fields``, or everything but times when there are none, stayed the same
    for ``unchanged_s`` seconds. Neither counts before ``not_before_s`` seconds of the tracks.
    ``settle_s`` is how long the run then goes on watching; None: as long as after its last track,
    or no longer when it is that which is cut short.
    """

    name: str
    probe: Probe | None = None
    gives_up_on: str = ""
    every_s: float = 1.0
    for_s: float = 0.0
    unchanged_s: float = 0.0
    fields: tuple[str, ...] = ()
    not_before_s: float = 0.0
    settle_s: float | None = None
    place: Place | None = None

    def describe(self) -> str:
        """Return one line for the plan."""
        since = f", from {text_of_seconds(self.not_before_s)} on" if self.not_before_s else ""
        if self.gives_up_on:
            what = " and ".join(self.fields) or self.gives_up_on
            told = f"{what} unchanged for {text_of_seconds(self.unchanged_s)}"
        else:
            seen = self.probe.describe() if self.probe is not None else self.name
            lasting = f" for {text_of_seconds(self.for_s)}" if self.for_s else ""
            told = f"{seen} meets {self.probe.expect if self.probe else None!r}{lasting}"
        return told + since


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """What ended the tracks early: which condition, when in seconds of the run, and why in words.

    ``gave_up`` is True when it was because nothing changed any more.
    """

    condition: str
    time: float
    told: str
    gave_up: bool = False

    def __str__(self) -> str:
        return f"{self._done} ({self.condition}: {self.told})"

    @property
    def briefly(self) -> str:
        """Return when, and by which condition."""
        return f"{self._done} ({self.condition})"

    @property
    def _done(self) -> str:
        return f"{'gave up' if self.gave_up else 'ended early'} at {self.time:.1f} s"

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, for the history's end."""
        return asdict(self)


def early_end(end: Mapping[str, Any] | None) -> EarlyEnd | None:
    """Return what ended the tracks early according to a history's *end*; None: nothing did."""
    told = (end or {}).get(EARLY)
    if not isinstance(told, Mapping):
        return None
    return EarlyEnd(
        str(told.get("condition", "")),
        float(told.get("time", 0.0)),
        str(told.get("told", "")),
        bool(told.get("gave_up", False)),
    )
