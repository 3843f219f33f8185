"""Running a suite: scenario after scenario, one report over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom

from hormesis.compose.judging import judge_directory
from hormesis.compose.not_run import reason_of, record_not_begun, record_skipped
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch, run
from hormesis.compose.suite import Suite
from hormesis.compose.suite_log import SuiteLog
from hormesis.compose.suite_reports import SuiteReports, suite_reports
from hormesis.compose.suite_totals import SuiteTotals, totals_of
from hormesis.engine.clock import LoopClock
from hormesis.host.interrupts import Kept, interrupts_kept
from hormesis.record.run_directory import SuiteAt, create_suite_directory
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import InputTrouble, SkipTrouble, Trouble

_ENDS_ALL = (ExitCode.INTERRUPTED, ExitCode.LEFT_DIRTY, ExitCode.USAGE)
"""Codes after which no other scenario is begun."""


class DeclinedScenario(Trouble):
    """The person at the terminal did not want this scenario; nothing of it was done."""

    code = ExitCode.UNKNOWN


@dataclass(frozen=True)
class SuiteFinished:
    """A suite that is over."""

    runs: Sequence[Judged]
    """One for each scenario, also for those that were skipped or never begun."""
    directory: Path
    reports: tuple[Path, ...]
    code: ExitCode
    totals: SuiteTotals
    log: Path
    """Everything that was said while it ran."""


@dataclass(frozen=True)
class Announcements:
    """What a door wants to be told while a suite runs."""

    begins: Callable[[int, int, Prepared], Watch]
    """Called before each scenario with its number, the count and the run; returns its watcher."""
    ended: Callable[[Finished], None]
    failed: Callable[[str, Trouble], None]
    skipped: Callable[[Judged], None]
    asked: Callable[[Prepared], None] = lambda prepared: None
    """Called before each scenario; raises :class:`DeclinedScenario` when it shall not be run."""


def directory_for(suite: Suite, request: RunRequest, ids: Sequence[str]) -> Path:
    """Make and return the folder for a run of *suite*; scenarios get folders inside it.

    It remembers the *ids*, so that a suite that was killed is known not to be whole.
    """
    identity = f"{SystemRandom().randrange(16**6):06x}"
    return create_suite_directory(
        request.out.resolve(),
        LoopClock().wall(),
        SuiteAt(suite.name, suite.folder.resolve(), ids),
        identity,
    )


def run_suite(
    suite: Suite,
    requests: Mapping[str, RunRequest],
    directory: Path,
    tell: Announcements,
    *,
    own_report: bool = False,
    base: Path | None = None,
) -> SuiteFinished:
    """Run the scenarios one after the other; a failed one does not stop the others.

    Ctrl-C and SIGTERM end the suite in good order, with a report of what was done so far.
    *base* is the folder that copies of the suite's own report are put under; left out: the
    current one.
    """
    clock = LoopClock()
    log = SuiteLog(directory, clock)
    reports = suite_reports(suite, directory, own=own_report, base=base or Path.cwd())
    with interrupts_kept() as kept:
        playing = _Playing(
            requests, directory, tell, log, reports, kept, suite.file.may_skip
        )
        log.say(f"suite {suite.name}: {suite.file.title}", f"scenarios: {', '.join(requests)}")
        for number, name in enumerate(requests, 1):
            playing.play(number, name)
        paths = reports.of_suite(playing.finished)
        if reports.troubles:
            tell.failed(suite.name, InputTrouble(reports.troubles))
            log.say(*(str(one) for one in reports.troubles))
            playing.codes.append(InputTrouble.code)
        totals = totals_of(playing.finished, clock.now())
        code = ExitCode.worst(playing.codes)
        log.totals(totals, paths, code)
    return SuiteFinished(playing.finished, directory, paths, code, totals, log.path)


@dataclass
class _Playing:
    """Plays scenarios; whatever becomes of one, there is a record of it."""

    requests: Mapping[str, RunRequest]
    directory: Path
    tell: Announcements
    log: SuiteLog
    reports: SuiteReports
    kept: Kept
    may_skip: Sequence[str] = ()
    finished: list[Judged] = field(default_factory=list)
    codes: list[ExitCode] = field(default_factory=list)
    over: str = ""
    """Why no more scenarios are begun."""

    def play(self, number: int, name: str) -> None:
        """Play the scenario *name*, the one of that number."""
        request = self.requests[name]
        if self.kept.name and not self.over:
            self.over = f"{self.kept.name} received between two scenarios"
            self.codes.append(ExitCode.INTERRUPTED)
        if self.over:
            self._add(record_not_begun(name, request.file, self.directory, self.over))
            return
        try:
            prepared = prepare(replace(request, out=self.directory, reports=()))
            self.kept.asking = True
            self.tell.asked(prepared)
        except SkipTrouble as trouble:
            may = name in self.may_skip
            self._add(record_skipped(name, request.file, self.directory, trouble, may_skip=may))
            self._count(ExitCode.UNKNOWN)
            self.tell.skipped(self.finished[-1])
            return
        except Trouble as trouble:
            told = reason_of(trouble)
            self._add(record_not_begun(name, request.file, self.directory, told))
            self.codes.append(trouble.code)
            self._end_after(name, trouble.code)
            self.tell.failed(name, trouble)
            return
        finally:
            self.kept.asking = False
        judged, code = self._run(number, name, prepared)
        path = prepared.directory.path
        self._add(judged, path if path.is_dir() else None)
        self._count(code)
        self._end_after(name, code)

    def _end_after(self, name: str, code: ExitCode) -> None:
        """Begin no more after a scenario that ended as all others would, or only some of them."""
        if code in _ENDS_ALL:
            self.over = f"the suite ended with {name}"

    def _run(self, number: int, name: str, prepared: Prepared) -> tuple[Judged, ExitCode]:
        count = len(self.requests)
        self.log.say(f"[{number}/{count}] {name}  {prepared.experiment.title}")
        watch = self.log.following(name, self.tell.begins(number, count, prepared))
        try:
            one = run(prepared, watch=watch)
        except Trouble as trouble:
            self.tell.failed(name, trouble)
            self.log.say(*(f"{name}: {problem}" for problem in trouble.problems))
            if prepared.directory.manifest.is_file():
                return judge_directory(prepared.directory.path), trouble.code
            title = prepared.experiment.title
            file, parent = prepared.request.file, prepared.request.out
            why = reason_of(trouble)
            return record_not_begun(name, file, parent, why, title), trouble.code
        self.tell.ended(one)
        return one.judged, one.code

    def _count(self, code: ExitCode) -> None:
        """Let the scenario that was just added have its say in the suite's code."""
        if code is not ExitCode.UNKNOWN or self.finished[-1].counts:
            self.codes.append(code)

    def _add(self, judged: Judged, directory: Path | None = None) -> None:
        self.finished.append(judged)
        self.log.ended(judged, directory or self.directory)
        if directory is not None:
            self.reports.of_run(judged, directory)
