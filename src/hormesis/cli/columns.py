"""Columns of text that line up and are never broken, so that they can be searched and piped."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text


def columns(rows: Sequence[Sequence[str | Text]], *, gap: int = 2) -> list[Text]:
    """Return a line for each of *rows*, every cell but the last padded to its column's width."""
    widths: dict[int, int] = {}
    for row in rows:
        for number, cell in enumerate(row[:-1]):
            widths[number] = max(widths.get(number, 0), len(cell))
    return [_line(row, widths, gap) for row in rows]


def _line(row: Sequence[str | Text], widths: dict[int, int], gap: int) -> Text:
    line = Text()
    for number, cell in enumerate(row):
        line.append(cell)
        if number < len(row) - 1:
            line.append(" " * (widths[number] - len(cell) + gap))
    line.rstrip()
    return line
