"""Recorded arrivals: the times that a file tells, as offsets from the first of them."""

from __future__ import annotations

import csv
import json
import math
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ORDERLY = "one time per line, a CSV file with a header, a JSON list or JSON lines"


def offsets_of(path: Path, column: str = "") -> array[float]:
    """Return when each arrival came, in seconds after the first one, in order.

    A ``.csv`` file has a header; a ``.json`` file is a list, a ``.jsonl`` file has a JSON value per
    line. *column* names the column or key that holds the time; without it a CSV file's first column
    does. Any other file has one time per line. A time is a number of seconds or an ISO 8601 text.

    Raises:
        ValueError: the file is not there, empty, or holds something else; says where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no text in UTF-8") from error
    reader = {".csv": _of_csv, ".json": _of_json, ".jsonl": _of_lines}.get(path.suffix.lower())
    cells = _of_text(text) if reader is None else reader(text, column)
    if reader is None and column:
        raise ValueError(f"expected no column, {path.name} has one time per line")
    times = array("d")
    for where, cell in cells:
        try:
            times.append(_seconds(cell))
        except ValueError as error:
            raise ValueError(f"{path.name}, {where}: {error}") from error
    if not times:
        raise ValueError(f"{path.name} holds no arrivals; expected {ORDERLY}")
    ordered = sorted(times)
    return array("d", (one - ordered[0] for one in ordered))


Cells = Iterable[tuple[str, Any]]


def _of_text(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield f"line {number}", line.strip()


def _of_csv(text: str, column: str) -> Iterator[tuple[str, Any]]:
    rows = csv.reader(text.splitlines())
    header = [one.strip() for one in next(rows, [])]
    if column and column not in header:
        raise ValueError(f"expected a column {column}, found {', '.join(header) or 'none'}")
    place = header.index(column) if column else 0
    for row in rows:
        if row:
            yield f"line {rows.line_num}", row[place].strip() if place < len(row) else ""


def _of_json(text: str, column: str) -> Cells:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(rows, list):
        raise ValueError("expected a JSON list")
    return [(f"element {number}", _under(row, column)) for number, row in enumerate(rows, 1)]


def _of_lines(text: str, column: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is no JSON: {error}") from error
        yield f"line {number}", _under(row, column)


def _under(row: Any, column: str) -> Any:
    if not column:
        return row
    return row.get(column) if isinstance(row, dict) else None


def _seconds(cell: Any) -> float:
    expected = f"expected a time in seconds or an ISO 8601 time, found {cell!r}"
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise ValueError(expected)
    try:
        seconds = float(cell)
    except ValueError:
        try:
            moment = datetime.fromisoformat(str(cell))
            # Only offsets count, so a time without a zone may be in one that never changes.
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            raise ValueError(expected) from None
    if not math.isfinite(seconds):
        raise ValueError(expected)
    return seconds
