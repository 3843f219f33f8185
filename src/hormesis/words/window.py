"""Windows: which stretch of a run a check looks at, in words of the file.

``before`` is until the first injection was asked for, ``during: F`` is while fault track F was
injected, ``after: F`` is from its last release on, ``outside: F`` is while it was neither injected
nor asked for. ``F`` may be ``*``. Between asking and the acknowledgement nobody knows whether the
fault works already, so that time is neither before nor during. The last two reach beyond the
tracks, to the final looks of probes; of operations, those count that were due while tracks ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from hormesis.words.history import History
from hormesis.words.units import Seconds

Stretch = tuple[float, float]
"""Start and end, in seconds since the start of the run; the end is not included."""


FAULTS_NAMED = dict.fromkeys(("during", "after", "before", "outside"), "fault")
"""The fields of a window that name a fault, for ``refers`` of the kinds that take one."""


class Window(BaseModel):
    """A choice of stretches. Mixed into the kinds of checks that take one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    during: str | None = None
    """A fault track's name: only while it was injected."""
    after: str | None = None
    """A fault track's name: only from its last release on."""
    before: str | None = None
    """A fault track's name: only until its first injection."""
    outside: str | None = None
    """A fault track's name: only while it was not injected."""
    grace: Seconds = 0.0
    """Leave out this long after each edge of a fault."""

    @model_validator(mode="after")
    def _one_choice(self) -> Any:
        chosen = [n for n in ("during", "after", "before", "outside") if getattr(self, n)]
        if len(chosen) > 1:
            raise ValueError(f"expected one of during, after, before, outside; found {chosen}")
        return self

    def told(self) -> str:
        """Return the window in words, for titles: `` during pause``."""
        for name in ("during", "after", "before", "outside"):
            if track := getattr(self, name):
                return f" {name} {'any fault' if track == '*' else track}"
        return ""

    def stretches(self, history: History) -> list[Stretch]:
        """Return the chosen stretches of *history*; empty when the fault was never injected."""
        whole = history.tracks_window or (0.0, float("inf"))
        track = self.during or self.after or self.before or self.outside
        if track is None:
            return [whole]
        faults = [(one.asked, w) for one in history.faults_of(track) if (w := one.window)]
        windows = merged([window for _, window in faults])
        asked = merged([(min(moment, window[0]), window[1]) for moment, window in faults])
        if not windows:
            return []
        grace = self.grace
        if self.during:
            return _kept([(start + grace, end) for start, end in windows])
        if self.before:
            return _kept([(whole[0], asked[0][0])])
        if self.after:
            return _kept([(windows[-1][1] + grace, float("inf"))])
        edges = [whole[0], *(edge for start, end in asked for edge in (start, end + grace))]
        return _kept(list(zip(edges[::2], [*edges[1::2], float("inf")], strict=True)))


def merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Return *stretches* sorted, with overlapping ones joined."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def inside(moment: float, stretches: Sequence[Stretch]) -> bool:
    """Return whether *moment* lies in one of *stretches*."""
    return any(start <= moment < end for start, end in stretches)


def _kept(stretches: list[Stretch]) -> list[Stretch]:
    return [(start, end) for start, end in stretches if end > start]
