"""``hormesis check`` and ``hormesis report``: from a run directory alone."""

from __future__ import annotations

import json
from pathlib import Path

from hormesis.cli.console import out
from hormesis.cli.verdict_view import as_data, show_advice, show_reports, show_run
from hormesis.compose.judging import judge_directory, render
from hormesis.record.run_directory import RunDirectory, runs_in
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged

REPORTS = ("html", "json", "junit", "markdown")


def check_command(path: Path, *, as_json: bool) -> int:
    """Judge again and return the exit code of the verdict."""
    judged = [judge_directory(one) for one in _runs_at(path)]
    codes = [code_of(one.verdict) for one in judged]
    if as_json:
        data = [as_data(one, code, path) for one, code in zip(judged, codes, strict=True)]
        out.print_json(json.dumps(data[0] if len(data) == 1 else data))
        return _worst(judged, codes)
    for one, code in zip(judged, codes, strict=True):
        show_run(out, one, code)
    show_advice(out, judged)
    return _worst(judged, codes)


def report_command(path: Path, kinds: tuple[str, ...]) -> int:
    """Judge again and write the reports."""
    runs = [judge_directory(one) for one in _runs_at(path)]
    folder = path.resolve() if len(runs) > 1 else _runs_at(path)[0]
    title = str(runs[0].history.manifest.get("title", "")) if len(runs) == 1 else folder.name
    show_reports(out, render(folder, title, runs, kinds or REPORTS))
    return ExitCode.PASS


def _runs_at(path: Path) -> list[Path]:
    """Return the run at *path*; of a suite's folder, the runs inside it."""
    if RunDirectory(path).manifest.is_file() or (path / "latest" / "manifest.json").is_file():
        inside = runs_in(path)
        if len(inside) > 1 and "suite.json" in {one.name for one in path.iterdir()}:
            return [one.path for one in inside]
    return [path]


def _worst(judged: list[Judged], codes: list[ExitCode]) -> int:
    if len(codes) == 1:
        return codes[0]
    beyond = [code for code in codes if code > ExitCode.UNKNOWN]
    merged = Outcome.merge(one.verdict.outcome for one in judged)
    return min(beyond) if beyond else ExitCode.of(merged)
