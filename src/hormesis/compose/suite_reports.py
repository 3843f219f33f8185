"""Suite reports: what all runs come to, and the suite's own report, for each run or for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.compose.judging import render, write_report
from hormesis.compose.suite import Suite
from hormesis.record.run_directory import RunDirectory
from hormesis.words.report import Judged, Report
from hormesis.words.trouble import Problem


@dataclass
class SuiteReports:
    """Writes a suite's reports into *directory*; copies go to *copies*, if there shall be some.

    ``own`` is the suite's own report, None when it is not wanted.
    """

    suite: Suite
    directory: Path
    own: Report | None = None
    copies: Path | None = None
    written: list[Path] = field(default_factory=list)
    troubles: list[Problem] = field(default_factory=list)
    """Why the suite's own report is not there, or a copy of it; the verdicts stand."""

    def of_run(self, judged: Judged, directory: Path) -> None:
        """Write what there is for each single run."""
        if self.own is not None and self.own.per_run:
            title = str(judged.history.manifest.get("title", ""))
            self._write(self.own, directory, title, [judged])

    def of_suite(self, runs: Sequence[Judged]) -> tuple[Path, ...]:
        """Write what there is for all runs; return every file that people may look at."""
        if not runs:
            return ()
        title = self.suite.file.title
        paths = render(self.directory, title, runs)
        if self.own is not None and not self.own.per_run:
            self._write(self.own, self.directory, title, runs)
        return (*paths, *self.written)

    def _write(self, report: Report, directory: Path, title: str, runs: Sequence[Judged]) -> None:
        try:
            path = write_report(RunDirectory(directory), report, title, runs)
            if self.copies is None:
                self.written.append(path)
            else:
                self._copy(report.files(title, runs), directory, self.copies)
        except Exception as error:  # noqa: BLE001 - a suite brings its own, and its folder
            told = f"was not written: {type(error).__name__}: {error}"
            self.troubles.append(Problem(f"the suite's own report in {directory} {told}"))

    def _copy(self, names: Iterable[str], directory: Path, copies: Path) -> None:
        copies.mkdir(parents=True, exist_ok=True)
        for name in names:
            copy = copies / name
            if copy.exists():
                copy = copy.with_name(f"{copy.stem}-{directory.name}{copy.suffix}")
            shutil.copyfile(directory / name, copy)
            self.written.append(copy)


def suite_reports(suite: Suite, directory: Path, *, own: bool, base: Path | None) -> SuiteReports:
    """Return what writes the reports; the suite's own is wanted when asked for, or always.

    *base* is the folder that the folder of copies is relative to; without one, none are made.

    Raises:
        InputTrouble: the suite's own report is not where ``suite.yaml`` says.
    """
    results = suite.file.results
    if results is None or not (own or results.always):
        return SuiteReports(suite, directory)
    copies = base / results.folder if base is not None and results.folder else None
    return SuiteReports(suite, directory, suite.own_report(), copies)
