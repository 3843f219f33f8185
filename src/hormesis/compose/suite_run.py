"""Running a suite: scenario after scenario, one report over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom

from hormesis.compose.judging import judge_directory, render, write_report
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch, run
from hormesis.compose.suite import Suite
from hormesis.engine.clock import LoopClock
from hormesis.record.run_directory import RunDirectory, create_suite_directory
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import CapabilityTrouble, Trouble

WORST_FIRST = (
    ExitCode.LEFT_DIRTY,
    ExitCode.INTERRUPTED,
    ExitCode.STOPPED_BY_LIMIT,
    ExitCode.BAD_INPUT,
    ExitCode.USAGE,
    ExitCode.FAIL,
    ExitCode.USAGE,
    ExitCode.BAD_INPUT,
    ExitCode.CAPABILITY_MISSING,
    ExitCode.UNKNOWN,
    ExitCode.PASS,
)
"""How the codes of several runs make one."""


@dataclass(frozen=True)
class SuiteFinished:
    """A suite that is over."""

    runs: Sequence[Judged]
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


def prepare_all(scenarios: Mapping[str, Path], request: RunRequest) -> dict[str, RunRequest]:
    """Check every scenario before anything starts; return each one's request.

    Raises:
        InputTrouble: problems of the first scenario that has some.
    """
    requests = {name: replace(request, file=path) for name, path in scenarios.items()}
    for one in requests.values():
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
    """Run the scenarios one after the other; a failed one does not stop the others.

    Raises:
        DirtyTrouble: an earlier run left effects on this host.
    """
    finished: list[Judged] = []
    codes: list[ExitCode] = []
    for number, (name, request) in enumerate(requests.items(), 1):
        prepared = prepare(replace(request, out=directory, reports=()))
        watch = tell.begins(number, len(requests), prepared)
        try:
            one = run(prepared, watch=watch)
        except CapabilityTrouble as trouble:
            codes.append(ExitCode.CAPABILITY_MISSING)
            tell.failed(name, trouble)
            continue
        except Trouble as trouble:
            codes.append(trouble.code)
            tell.failed(name, trouble)
            if (prepared.directory.manifest).is_file():
                finished.append(judge_directory(prepared.directory.path))
            if trouble.code in (ExitCode.LEFT_DIRTY, ExitCode.USAGE):
                break  # refused, and so would be the others, or worse: only some of them
            continue
        finished.append(one.judged)
        codes.append(one.code)
        tell.ended(one)
        if one.code in (ExitCode.INTERRUPTED, ExitCode.LEFT_DIRTY):
            break
    reports = render_suite(suite, finished, directory, own_report=own_report)
    code = next((code for code in WORST_FIRST if code in codes), ExitCode.UNKNOWN)
    return SuiteFinished(finished, directory, reports, code)


def render_suite(
    suite: Suite, runs: Sequence[Judged], directory: Path, *, own_report: bool
) -> tuple[Path, ...]:
    """Write the suite's reports into its directory."""
    if not runs:
        return ()
    kinds = ("html", "json", "junit", "markdown")
    paths = render(directory, suite.file.title, runs, kinds)
    report = suite.own_report() if own_report else None
    if report is not None:
        paths.append(write_report(RunDirectory(directory), report, suite.file.title, runs))
    return tuple(paths)
