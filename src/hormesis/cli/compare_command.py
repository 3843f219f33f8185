"""``hormesis compare``: whether one run was worse than another, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import MARKS, out
from hormesis.record.comparison import TOLERANCE, Compared, Comparison, Judgement, Row, compare
from hormesis.record.history_reader import read_history
from hormesis.record.run_directory import open_run_directory
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble
from hormesis.words.units import share_from, text_of_seconds

_COLOURS = {
    Judgement.WORSE: "bold red",
    Judgement.BETTER: "green",
    Judgement.SAME: "",
    Judgement.TOO_LITTLE: "yellow",
    Judgement.COUNTED: "",
}


def compare_command(
    a: Path, b: Path, *, tolerance: str | float = TOLERANCE, as_json: bool = False
) -> int:
    """Compare run *b* with run *a*: 1 when it is worse beyond *tolerance*, 2 on too little data.

    Raises:
        InputTrouble: *a* or *b* is no run directory.
        UsageTrouble: *tolerance* is no share.
    """
    try:
        share = share_from(tolerance)
    except ValueError as error:
        raise UsageTrouble(f"--tolerance: {error}, found {tolerance!r}") from None
    runs = [open_run_directory(path) for path in (a, b)]
    compared = compare(*(read_history(run.path) for run in runs), tolerance=share)
    code = ExitCode.of(compared.outcome)
    if as_json:
        out.tell_json(comparison_data(compared, code))
        return code
    for letter, run in zip("AB", runs, strict=True):
        out.print(Text(f"{letter}  {run.path}"))
    for line in comparison_lines(compared):
        out.print(line)
    for note in compared.notes:
        out.print(Text(f"note: {note}", style="yellow"))
    sign, colour = MARKS[compared.outcome]
    out.print(Text.assemble((f"{sign} ", f"bold {colour}"), compared.sentence))
    return code


def comparison_lines(compared: Comparison) -> list[Text]:
    """Return the table of all figures as lines: of all operations first, then of each name."""
    heads: tuple[str, ...] = ("", "A", "B", "change", "95% interval", "")
    cells = [[_cells(one) for one in row.figures] for row in compared.rows]
    every = [heads, *(each for rows in cells for each in rows)]
    widths = [max(len(each[column]) for each in every) for column in range(len(heads) - 1)]
    lines: list[Sequence[str | Text]] = [_aligned(heads, widths)]
    for row, figures in zip(compared.rows, cells, strict=True):
        lines.append([Text(row.title, style="bold")])
        lines += [
            [*_aligned(each, widths), Text(each[-1], style=_COLOURS[one.judgement])]
            for each, one in zip(figures, row.figures, strict=True)
        ]
    return columns(lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return all *cells* but the last, figures to the right, under each other."""
    first, *others = cells[:-1]
    pairs = zip(others, widths[1:], strict=True)
    return [f"  {first}", *(one.rjust(width) for one, width in pairs)]


def _cells(one: Compared) -> tuple[str, ...]:
    between = ""
    if one.low is not None and one.high is not None:
        between = f"{_change(one, one.low)} to {_change(one, one.high)}"
    change = "" if one.change is None else _change(one, one.change)
    a, b = _told(one.name, one.a), _told(one.name, one.b)
    return one.name, a, b, change, between, one.judgement.value


def _told(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name == "count":
        return f"{value:,.0f}"
    if name == "rate":
        return f"{value:,.4g}/s"
    if name == "failed":
        return f"{value * 100:.3g}%"
    return text_of_seconds(float(f"{value:.4g}"))


def _change(one: Compared, change: float) -> str:
    if one.name == "failed":
        return f"{change * 100:+.2g} points"
    return f"{change * 100:+.1f}%" if change < 10 else f"{change + 1:,.0f} times"


def comparison_data(compared: Comparison, code: ExitCode) -> dict[str, Any]:
    """Return the comparison as plain data, for ``--json``."""
    return {
        "outcome": compared.outcome.value,
        "exit_code": int(code),
        "reason": compared.sentence,
        "tolerance": compared.tolerance,
        "notes": list(compared.notes),
        "rows": [_row_data(row) for row in compared.rows],
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "load": row.load,
        "name": row.name,
        "figures": {
            one.name: {key: value for key, value in asdict(one).items() if key != "name"}
            for one in row.figures
        },
    }
