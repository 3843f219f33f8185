"""Judging and rendering from a run directory alone: re-judge and re-render at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hormesis.compose.registry import catalogue
from hormesis.record.atomic_write import write_atomically
from hormesis.record.history_reader import read_history
from hormesis.record.run_directory import RunDirectory, open_run_directory
from hormesis.record.verdict_file import write_verdict
from hormesis.words.check import Check
from hormesis.words.history import History
from hormesis.words.judging import judge_run
from hormesis.words.report import Judged, Report
from hormesis.words.trouble import CapabilityTrouble, InputTrouble, UsageTrouble


def judge_directory(path: Path) -> Judged:
    """Judge the run in *path* from its history and its manifest; write ``verdict.json``.

    Raises:
        InputTrouble: *path* is no run directory.
        CapabilityTrouble: it was judged by a check that is not installed here.
    """
    run = open_run_directory(path)
    history = read_history(run.path)
    verdict = judge_run(history, checks_of(history))
    write_verdict(run.verdict, verdict)
    name = str(history.manifest.get("id") or history.manifest.get("title") or run.path.name)
    return Judged(name, history, verdict)


def checks_of(history: History) -> list[Check]:
    """Rebuild the checks that the manifest of *history* holds."""
    return [_check_of(one) for one in history.manifest.get("checks", ())]


def _check_of(stored: Mapping[str, Any]) -> Check:
    kind = catalogue().checks.get(str(stored.get("kind")))
    if kind is None:
        raise CapabilityTrouble(
            f"the run was judged by the check {stored.get('kind')!r}, which is not installed here"
        )
    try:
        return kind.model_validate(stored.get("fields", {}))
    except ValidationError as error:
        raise InputTrouble(f"the manifest's check {kind.kind!r} is damaged: {error}") from None


def render(
    directory: Path, title: str, runs: Sequence[Judged], kinds: Sequence[str] | None = None
) -> list[Path]:
    """Write a report of each kind (None: each that comes unasked); return the first file of each.

    Raises:
        UsageTrouble: a kind is not known.
    """
    known = catalogue().reports
    if kinds is None:
        kinds = tuple(kind for kind, report in known.items() if report.unasked)
    unknown = [kind for kind in kinds if kind not in known]
    if unknown:
        raise UsageTrouble(f"no report is called {unknown[0]!r}", hint=f"known: {', '.join(known)}")
    return [write_report(RunDirectory(directory), known[kind](), title, runs) for kind in kinds]


def render_run(path: Path, kinds: Sequence[str] | None = None) -> list[Path]:
    """Judge the run in *path* again and write its reports beside it; return the paths.

    Raises:
        InputTrouble: *path* is no run directory.
        UsageTrouble: a kind is not known.
    """
    run = open_run_directory(path)
    judged = judge_directory(run.path)
    return render(run.path, str(judged.history.manifest.get("title", "")), [judged], kinds)


def write_report(
    directory: RunDirectory, report: Report, title: str, runs: Sequence[Judged]
) -> Path:
    """Render one report into *directory* and return the path of its first file."""
    files = report.files(title, runs)
    for name, content in files.items():
        write_atomically(directory.report(name), content)
    return directory.report(next(iter(files), report.file_name))
