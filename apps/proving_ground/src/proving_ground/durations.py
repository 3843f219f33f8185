"""Durations as people write them: ``250ms``, ``1s``, ``2m``."""

from __future__ import annotations

import re

from proving_ground.usage import UsageError

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")


def duration_s(text: str) -> float:
    """Return the seconds in ``text``; a positive number with its unit.

    Raises ``UsageError`` for anything else, a bare number included.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"a duration such as 500ms, 1s or 2m was expected, found {text!r}")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if seconds <= 0:
        raise UsageError(f"a duration above zero was expected, found {text!r}")
    return seconds
