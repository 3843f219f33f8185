"""Fingerprint of the code under test: two runs are compared only where it is the same.

It is a hash of the contents of all source files of the project, of the versions of all installed
distributions, and of the Python version. So an edit that is not committed counts as a change, an
upgrade of a dependency too, and neither a commit without changes nor another choice of tests does.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

SUFFIXES = (".py", ".pyi", ".pyx", ".sql", ".toml", ".cfg", ".ini", ".yaml", ".yml")
"""Endings of the files that count as source."""
SKIPPED = frozenset(
    {"node_modules", "site-packages", "dist-packages", "__pycache__", "hormesis-runs"}
)
"""Folders that are never looked into, besides hidden ones and virtual environments."""


def fingerprint(root: Path, apart: Iterable[Path] = ()) -> str:
    """Return 16 hexadecimal digits for the project at *root*; the folders *apart* do not count."""
    digest = hashlib.sha256(sys.version.encode())
    for name in sorted(_installed()):
        digest.update(f"{name}\n".encode())
    for file in sorted(source_files(root, apart)):
        try:
            content = file.read_bytes()
        except OSError:
            # Gone or not readable: its absence is then part of what the code was.
            continue
        digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def source_files(root: Path, apart: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the project's source files."""
    left_out = {path.resolve() for path in apart}
    for folder, below, files in os.walk(root):
        here = Path(folder)
        below[:] = [name for name in below if _counts(here / name, left_out)]
        for name in files:
            if name.endswith(SUFFIXES):
                yield here / name


def _counts(folder: Path, left_out: set[Path]) -> bool:
    return (
        folder.name not in SKIPPED
        and not folder.name.startswith(".")
        and folder.resolve() not in left_out
        and not (folder / "pyvenv.cfg").exists()
    )


def _installed() -> Iterator[str]:
    for one in distributions():
        yield f"{one.name} {one.version}"
