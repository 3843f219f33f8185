"""Running a suite: scenario after scenario, one report over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom

from hormesis.compose.judging import judge_directory, render, write_report
from hormesis.compose.not_run import reason_of, record_not_begun, record_skipped
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch, run
from hormesis.compose.suite import Suite
from hormesis.engine.clock import LoopClock
from hormesis.record.run_directory import RunDirectory, create_suite_directory
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import SkipTrouble, Trouble

_ENDS_ALL = (ExitCode.INTERRUPTED, ExitCode.LEFT_DIRTY, ExitCode.USAGE)
"""Codes after which no other scenario is begun."""


@dataclass(frozen=True)
class SuiteFinished:
    """A suite that is over."""

    runs: Sequence[Judged]
    """One for each scenario, also for those that were skipped or never begun."""
    directory: Path
    reports: tuple[Path, ...]
    code: ExitCode


@dataclass(frozen=True)
class Announcements:
    """What a door wants to be told while a suite runs."""

    begins: Callable[[int, int, Prepared], Watch]
    """Called before each scenario with its number, the count and the run; returns its watcher."""
    ended: Callable[[Finished], None]
    failed: Callable[[str, Trouble], None]
    skipped: Callable[[Judged], None]


def prepare_all(scenarios: Mapping[str, Path], request: RunRequest) -> dict[str, RunRequest]:
    """Check every scenario before anything starts; return each one's request.

    Scenarios that cannot be run on this system are fine: the suite will skip them.

    Raises:
        InputTrouble: problems of the first scenario that has some.
    """
    requests = {
        name: replace(request, file=path, scenario=name) for name, path in scenarios.items()
    }
    for one in requests.values():
        with suppress(SkipTrouble):
            prepare(one)
    return requests


def suite_directory(suite: Suite, request: RunRequest) -> Path:
    """Make and return the folder for a run of *suite*; scenarios get folders inside it."""
    identity = f"{SystemRandom().randrange(16**6):06x}"
    return create_suite_directory(
        request.out.resolve(), LoopClock().wall(), suite.name, identity
    )


def run_suite(
    suite: Suite,
    requests: Mapping[str, RunRequest],
    directory: Path,
    tell: Announcements,
    *,
    own_report: bool = False,
) -> SuiteFinished:
    """Run the scenarios one after the other; a failed one does not stop the others."""
    finished: list[Judged] = []
    codes: list[ExitCode] = []
    last = ""
    for number, (name, request) in enumerate(requests.items(), 1):
        if last:
            why = f"the suite ended with {last}"
            finished.append(record_not_begun(name, request.file, directory, why))
            continue
        try:
            prepared = prepare(replace(request, out=directory, reports=()))
        except SkipTrouble as trouble:
            finished.append(record_skipped(name, request.file, directory, trouble))
            codes.append(ExitCode.UNKNOWN)
            tell.skipped(finished[-1])
            continue
        watch = tell.begins(number, len(requests), prepared)
        judged, code = _run_one(name, prepared, watch, tell)
        finished.append(judged)
        codes.append(code)
        # The others would be refused as well, or worse: only some of them.
        last = name if code in _ENDS_ALL else ""
    reports = render_suite(suite, finished, directory, own_report=own_report)
    code = ExitCode.worst(codes)
    return SuiteFinished(finished, directory, reports, code)


def _run_one(
    name: str, prepared: Prepared, watch: Watch, tell: Announcements
) -> tuple[Judged, ExitCode]:
    """Run one scenario; whatever becomes of it, there is a record of it."""
    try:
        one = run(prepared, watch=watch)
    except Trouble as trouble:
        tell.failed(name, trouble)
        if prepared.directory.manifest.is_file():
            return judge_directory(prepared.directory.path), trouble.code
        title = prepared.experiment.title
        file, parent = prepared.request.file, prepared.request.out
        return record_not_begun(name, file, parent, reason_of(trouble), title), trouble.code
    tell.ended(one)
    return one.judged, one.code


def render_suite(
    suite: Suite, runs: Sequence[Judged], directory: Path, *, own_report: bool
) -> tuple[Path, ...]:
    """Write the suite's reports into its directory."""
    if not runs:
        return ()
    paths = render(directory, suite.file.title, runs)
    report = suite.own_report() if own_report else None
    if report is not None:
        paths.append(write_report(RunDirectory(directory), report, suite.file.title, runs))
    return tuple(paths)
