"""Bad input is one clear line on standard error and exit status 64."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_USAGE = 64
EXIT_MISSING = 69


class UsageError(Exception):
    """The caller gave something that cannot be used; the text is one line for people."""


class MissingPart(Exception):
    """This machine lacks something a program needs; the text is one line for people."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return `` did you mean X?`` with a leading space, or the known names when none is close."""
    names = sorted(known)
    close = difflib.get_close_matches(found, names, n=1, cutoff=0.5)
    return f" did you mean {close[0]!r}?" if close else f" known: {', '.join(names)}"
