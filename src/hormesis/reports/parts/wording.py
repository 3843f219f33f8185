"""Numbers, times and names as text: one way of writing each, in every report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hormesis.words.history import FaultRecord
from hormesis.words.kind import Scalar

NONE = "–"
"""What stands where there is no value."""


def moment(seconds: float | None) -> str:
    """Write a time on the run's own axis: ``12.3 s``, ``2:05.0`` from two minutes on."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if abs(seconds) < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def span(seconds: float | None) -> str:
    """Write a length of time with about three digits: ``0.4 ms``, ``340 ms``, ``2 min 05 s``."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    size_of = abs(seconds)
    if size_of < 0.9995:
        return f"{_trimmed(seconds * 1000)} ms"
    if size_of < 119.95:
        return f"{_trimmed(seconds)} s"
    minutes, rest = divmod(round(size_of), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{hours} h {minutes:02d} min" if hours else f"{sign}{minutes} min {rest:02d} s"


def share(value: float | None) -> str:
    """Write a share from 0 to 1 as per cent; something that is not zero is never written as 0 %."""
    if value is None or not math.isfinite(value):
        return NONE
    per_cent = value * 100
    if 0 < abs(per_cent) < 0.01:
        return "<0.01 %"
    if 99.99 < per_cent < 100:
        return ">99.99 %"
    digits = 2 if abs(per_cent) < 1 else 3 if abs(per_cent) < 99.95 else 4
    return f"{per_cent:.{digits}g} %"


def count(value: float | None) -> str:
    """Write a whole number with thin spaces between the thousands."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{round(value):,}".replace(",", "\u202f")


def rate(value: float | None) -> str:
    """Write events per second."""
    return NONE if value is None or not math.isfinite(value) else f"{_trimmed(value)}/s"


def size(value: float | None) -> str:
    """Write a number of bytes in the decimal unit that suits it."""
    if value is None or not math.isfinite(value):
        return NONE
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 999.5:
            return f"{_trimmed(value)} {unit}"
        value /= 1000
    return f"{_trimmed(value)} TB"


def figure(name: str, value: Scalar) -> tuple[str, str]:
    """Return the name and value of a named figure for people; the name's suffix is its unit.

    ``recover_s: 3.21`` becomes ``("recover", "3.21 s")``.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        for suffix, told in _UNITS.items():
            if name.endswith(suffix):
                return _plain(name.removesuffix(suffix)), told(value)
        return _plain(name), count(value) if isinstance(value, int) else _trimmed(value)
    return _plain(name), scalar(value)


def milliseconds(value: float | None) -> str:
    """Write a length of time that is given in milliseconds."""
    return NONE if value is None else span(value / 1000)


def scalar(value: Scalar) -> str:
    """Write any scalar."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _trimmed(value) if isinstance(value, float) else str(value)


def plural(number: int, noun: str, many: str = "") -> str:
    """Write a number with its noun: ``1 check``, ``3 checks``."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def day(epoch_s: object) -> str:
    """Write seconds since the epoch as a date and time in UTC; empty when there is no such time."""
    if not isinstance(epoch_s, int | float) or isinstance(epoch_s, bool):
        return ""
    try:
        return datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%-d %B %Y, %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return ""


def shortened(text: str, limit: int) -> str:
    """Return *text* in at most *limit* characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _trimmed(value: float) -> str:
    """Write three significant digits, more before the point, without trailing zeros."""
    if not math.isfinite(value):
        return NONE
    if abs(value) >= 999.5:
        return count(value)
    return f"{float(f'{value:.3g}'):g}"


_UNITS: Mapping[str, Callable[[float | None], str]] = {
    "_per_s": rate,
    "_ms": milliseconds,
    "_s": span,
    "_share": share,
    "_bytes": size,
}
"""How figures are written, by the ending of their name; the longer endings come first."""


def measured(fault: FaultRecord) -> str:
    """Return the bite as asked and as seen: ``asked 200 ms, seen 201 ms``; empty if no number."""
    if fault.asked_value is None or fault.seen_value is None:
        return ""
    asked, seen = (f"{value:.4g} {fault.unit}" for value in (fault.asked_value, fault.seen_value))
    return f"asked {asked}, seen {seen}"
