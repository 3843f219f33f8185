"""What tells one build of PostgreSQL from another, without reading all of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PROGRAMS = ("postgres", "initdb")


def identity_of(binaries: Path) -> str:
    """Return a short text that changes when another build is installed in the same folder.

    Raises:
        OSError: the programs are not there.
    """
    told = [str(binaries.resolve())]
    for name in _PROGRAMS:
        state = (binaries / name).stat()
        told.append(f"{name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
