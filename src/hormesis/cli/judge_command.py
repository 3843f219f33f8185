"""``hormesis check`` and ``hormesis report``: from a run directory alone."""

from __future__ import annotations

import json
from pathlib import Path

from hormesis.cli.console import out
from hormesis.cli.verdict_view import as_data, show_advice, show_reports, show_run
from hormesis.compose.judging import judge_directory, render
from hormesis.compose.suite import find_suite
from hormesis.record.run_directory import SUITE, runs_at
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode


def check_command(path: Path, *, as_json: bool) -> int:
    """Judge again and return the exit code of the verdict."""
    judged = [judge_directory(run.path) for run in runs_at(path)]
    codes = [code_of(one.verdict) for one in judged]
    if as_json:
        data = [as_data(one, code, path) for one, code in zip(judged, codes, strict=True)]
        out.print_json(json.dumps(data[0] if len(data) == 1 else data))
        return ExitCode.worst(codes)
    for one, code in zip(judged, codes, strict=True):
        show_run(out, one, code)
    show_advice(out, judged)
    return ExitCode.worst(codes)


def report_command(path: Path, kinds: tuple[str, ...]) -> int:
    """Judge again and write the reports."""
    at = runs_at(path)
    runs = [judge_directory(run.path) for run in at]
    alone = len(at) == 1
    folder = at[0].path if alone else at[0].path.parent
    title = str(runs[0].history.manifest.get("title", "")) if alone else _suite_title(folder)
    show_reports(out, render(folder, title, runs, kinds or None))
    return ExitCode.PASS


def _suite_title(folder: Path) -> str:
    suite = find_suite((folder / SUITE).read_text().strip())
    return suite.file.title if suite else folder.name
