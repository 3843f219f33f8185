"""Table: the operations around what went wrong, as plain text of a few lines."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from hormesis.words.op import Ended, Op

LINES_MAX = 20
_CELL_MAX = 48
_HEAD = ("#", "worker", "op", "invoked", "ended", "outcome", "value")


def table(ops: Sequence[Op], guilty: Collection[int]) -> str:
    """Return the *guilty* operations, by number, and those nearest to them in time.

    At most LINES_MAX lines; guilty ones are marked. Times are in milliseconds of the race.
    """
    rows_max = LINES_MAX - 2
    marked = [op for op in ops if op.number in guilty]
    shown = {op.number for op in marked[:rows_max]}
    near = sorted(
        (op for op in ops if op.number not in guilty),
        key=lambda op: (min((_distance(op, one) for one in marked), default=op.sent), op.sent),
    )
    shown |= {op.number for op in near[: rows_max - len(shown)]}
    rows = [op for op in sorted(ops, key=lambda op: (op.sent, op.number)) if op.number in shown]
    cells = [_HEAD, *(_cells(op) for op in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    marks = [" ", *(">" if op.number in guilty else " " for op in rows)]
    lines = [
        f"{mark} " + "  ".join(_laid(row, widths)).rstrip()
        for mark, row in zip(marks, cells, strict=True)
    ]
    if len(ops) > len(rows):
        lines.append(f"  … and {len(ops) - len(rows)} more")
    return "\n".join(lines)


def _laid(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the cells, numbers to the right."""
    right = (0, 1, 3, 4)
    return [
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _cells(op: Op) -> tuple[str, ...]:
    outcome = op.outcome.value if op.outcome is Ended.OK else f"{op.outcome.value} {op.error}"
    value = json.dumps(dict(op.value), default=str, ensure_ascii=False)[1:-1]
    return (
        str(op.number),
        "after" if op.user < 0 else str(op.user),
        op.name,
        f"{op.sent * 1e3:.3f}",
        f"{op.ended * 1e3:.3f}",
        _short(outcome),
        _short(value),
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _CELL_MAX else f"{text[: _CELL_MAX - 1]}…"


def _distance(one: Op, other: Op) -> float:
    """Return how far apart in time they are; 0 when they overlap."""
    return max(0.0, one.sent - other.ended, other.sent - one.ended)
