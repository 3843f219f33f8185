"""A fault as somebody else's package would hold it."""

from __future__ import annotations

from hormesis.faults.pause import Pause


class Doze(Pause):
    """Pause, under another name."""
