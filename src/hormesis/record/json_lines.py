"""JSON lines: one JSON value per line, written compactly and read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hormesis.record.read_problems import ReadProblems

UNREADABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
"""What decoding garbage may raise."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=str).encode


def encoded(data: Any) -> bytes:
    """Return *data* as one line; what JSON cannot hold becomes text."""
    return _encode(data).encode() + b"\n"


def lines_of(path: Path, problems: ReadProblems) -> Iterator[tuple[Any, str, int]]:
    """Yield (decoded line, place for people, offset in bytes) of every line that is JSON.

    A missing file and lines that are none are told to *problems*.
    """
    try:
        file = path.open("rb")
    except OSError as trouble:
        problems.add(path, f" is missing: {trouble.strerror}")
        return
    # Line by line: a long run's file is larger than everything that is kept of it.
    offset = 0
    with file:
        for number, line in enumerate(file, 1):
            if line != b"\n":
                try:
                    yield json.loads(line), f":{number}", offset
                except UNREADABLE:
                    cut = not line.endswith(b"\n")
                    problems.add(path, f":{number}: {'cut off' if cut else 'unreadable'}")
            offset += len(line)


class LineTail:
    """The lines of a file that grows; each time only those that are new and whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._number = 0

    def lines(self, problems: ReadProblems) -> Iterator[tuple[Any, str, int]]:
        """Yield what :func:`lines_of` does; a file that is not there yet has none."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # Its end is still to come.
                offset, self._offset = self._offset, self._offset + len(line)
                self._number += 1
                try:
                    decoded = json.loads(line)
                except UNREADABLE:
                    problems.add(self._path, f":{self._number}: unreadable")
                    continue
                yield decoded, f":{self._number}", offset
