"""Telling: figures go to standard output as soon as they are there, whatever pytest captures."""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Write one line and let it be seen at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
