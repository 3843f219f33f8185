"""Option seconds: the time that an option of a command line gives; a bare number is seconds."""

from __future__ import annotations

import math

from hormesis.words.trouble import UsageTrouble
from hormesis.words.units import seconds_from


def option_seconds(option: str, text: str) -> float:
    """Return the seconds that *text*, such as ``60``, ``60s`` or ``5m``, means.

    Raises:
        UsageTrouble: it is no time, or none above zero; *option* is named.
    """
    try:
        seconds = _seconds(text)
    except ValueError as error:
        raise UsageTrouble(f"{option}: {error}, found {text!r}") from None
    if not 0 < seconds < math.inf:
        raise UsageTrouble(f"{option}: expected more than 0 s, found {text!r}")
    return seconds


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return seconds_from(text)
