"""Readings of a service's clock: what it was told the time is, beside what it really is."""

from __future__ import annotations

from hormesis.words.look import EffectLook, Look, Reading, SqlLook
from hormesis.words.target import Target

SLACK_S = 0.5
"""By how much what the service was told may differ: it last asked a moment ago."""
QUIET_S = 2.0
"""A service that has not asked its clock for so long after the release may never do so."""
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"


def clock_looks(target: Target) -> tuple[Look, ...]:
    """Return the looks at *target*'s clock file and, where it is a database, at its own answer."""
    asked = (SqlLook(target.postgres, _NOW),) if target.postgres else ()
    return (*asked, EffectLook())


def span_text(seconds: float) -> str:
    """Return *seconds* for reading, in the largest unit of which there is one: ``2 d``, ``3 h``."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} s"


def told_shift(now: Reading) -> float | None:
    """Return by how many seconds the service's clock was off when it was last asked.

    What the service itself answers counts before what its clock was seen to say; None when it
    has not asked its clock since.
    """
    value, real = now.get("value"), now.get("real_s")
    if isinstance(value, int | float) and isinstance(real, int | float):
        return float(value) - float(real)
    shift = now.get("shift_s")
    return float(shift) if now.get("calls") and isinstance(shift, int | float) else None


def set_back(now: Reading, off_s: float) -> str:
    """Return the proof that the clock is right again; being *off_s* off is not."""
    if now.get("set") is not False:
        return ""
    shift = told_shift(now)
    if shift is None:
        over = now.get("over_s")
        if not isinstance(over, int | float) or over < QUIET_S:
            return ""
        return "its clock is set back, and nobody has asked it yet"
    return f"its clock is {abs(shift):.3f} s off" if abs(shift) <= min(off_s, SLACK_S) else ""
