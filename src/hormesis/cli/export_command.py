"""``hormesis export``: a run's records as tables for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from rich.text import Text

from hormesis.cli.console import out
from hormesis.record.export import export_run
from hormesis.record.run_directory import open_run_directory
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble

FORMS: Mapping[str, Literal["parquet", "csv"]] = {"parquet": "parquet", "csv": "csv"}


def export_command(run: Path, *, to: Path, form: str) -> int:
    """Write the tables, tell where they lie, and return the exit code."""
    if form not in FORMS:
        raise UsageTrouble(f"--form {form}: expected one of {', '.join(FORMS)}")
    for path in export_run(open_run_directory(run).path, to, FORMS[form]):
        out.print(Text(f"written: {path}"))
    return ExitCode.PASS
