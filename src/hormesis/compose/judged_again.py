"""Judged again: a run, or all runs of a suite, from their directories alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hormesis.compose.judging import judge_directory, render
from hormesis.compose.suite import find_suite
from hormesis.compose.suite_reports import suite_reports
from hormesis.record.run_directory import (
    RunDirectory,
    SuiteAt,
    runs_at,
    suite_at,
    suite_folder_at,
)
from hormesis.words.history import History
from hormesis.words.judging import judge_run
from hormesis.words.report import Judged
from hormesis.words.trouble import InputTrouble


@dataclass(frozen=True)
class JudgedAgain:
    """What there is at a path. ``folder`` is the run's, or the one that holds a suite's runs."""

    folder: Path
    judged: Sequence[Judged]
    directories: Sequence[RunDirectory]
    suite: SuiteAt | None = None
    """The suite; None: this is one run."""

    @property
    def counted(self) -> list[Judged]:
        """The runs that have a say in the exit code."""
        return [one for one in self.judged if one.counts]

    def write_reports(self, kinds: Sequence[str] | None) -> list[Path]:
        """Write the reports of these *kinds* (None: all there are); return where they are.

        Raises:
            UsageTrouble: a kind is not known.
            InputTrouble: the suite's own report cannot be written; the others are.
        """
        if self.suite is None:
            title = str(self.judged[0].history.manifest.get("title", ""))
            return render(self.folder, title, self.judged, kinds)
        suite = find_suite(str(self.suite.folder)) if self.suite.folder else None
        title = suite.file.title if suite else self.folder.name
        if suite is None or kinds is not None:
            return render(self.folder, title, self.judged, kinds)
        reports = suite_reports(suite, self.folder, own=False, base=None)
        for one, directory in zip(self.judged, self.directories, strict=False):
            reports.of_run(one, directory.path)
        paths = reports.of_suite(self.judged)
        if reports.troubles:
            raise InputTrouble(reports.troubles)
        return [*paths]


def judged_again(path: Path) -> JudgedAgain:
    """Judge what is at *path*; scenarios of a suite that was cut off count as not begun.

    Raises:
        InputTrouble: there is no run.
        CapabilityTrouble: it was judged by a check that is not installed here.
    """
    directories = runs_at(path)
    judged = [judge_directory(one.path) for one in directories]
    folder = suite_folder_at(path)
    if folder is None:
        return JudgedAgain(directories[0].path, judged, directories)
    suite = suite_at(folder)
    done = {str(one.history.manifest.get("scenario") or one.name) for one in judged}
    missing = [_never_begun(one, judged[-1]) for one in suite.ids if one not in done]
    return JudgedAgain(folder, [*judged, *missing], directories, suite)


def _never_begun(name: str, last: Judged) -> Judged:
    history = History(
        {
            "run": "",
            "id": name,
            "started_wall": last.history.manifest.get("started_wall", 0.0),
            "version": last.history.manifest.get("version", ""),
            "not_begun": f"the suite has not come to it; {last.name} was the last",
        }
    )
    return Judged(name, history, judge_run(history, ()))
