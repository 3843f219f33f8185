"""``hormesis run SUITE``: a suite's own options, its scenarios, one report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from typing import Any

from rich.text import Text

from hormesis.cli.confirmation import confirm_all, confirm_steps
from hormesis.cli.console import complain, err, out
from hormesis.cli.run_options import RunOptions
from hormesis.cli.suite_choice import choose
from hormesis.cli.target_view import unused_in
from hormesis.cli.verdict_view import (
    as_data,
    headline,
    show_advice,
    show_reports,
    show_run,
)
from hormesis.compose.preparing import Prepared
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch
from hormesis.compose.suite import Suite
from hormesis.compose.suite_prepare import check_all
from hormesis.compose.suite_run import Announcements, SuiteFinished, directory_for, run_suite
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import Trouble

Watching = Callable[[str], AbstractContextManager[Watch]]


def run_suite_command(
    suite: Suite, request: RunRequest, options: RunOptions, watching: Watching
) -> int:
    """Run the selected scenarios of *suite* and return the exit code."""
    choice = choose(suite, request, options)
    if choice is None:
        return ExitCode.PASS
    suite, request, requests, values = choice.suite, choice.request, choice.requests, choice.values
    prepared = check_all(requests)
    complain(unused_in(choice))
    if not suite.file.asks:
        confirm_all(prepared, yes=options.yes or values.yes)
    directory = directory_for(suite, request, list(requests))
    shown = _Progress(
        options, watching, verbose=values.verbose, asks=suite.file.asks and not values.yes
    )
    finished = run_suite(
        suite, requests, directory, shown.announcements(), own_report=choice.own_report
    )
    shown.close()
    _show_suite(finished, options)
    return finished.code


class _Progress:
    """Shows scenario after scenario while a suite runs."""

    def __init__(
        self, options: RunOptions, watching: Watching, *, verbose: bool = False, asks: bool = False
    ) -> None:
        self._options = options
        self._watching = watching
        self._verbose = verbose
        self._asks = asks and not options.yes
        self._open = ExitStack()

    def announcements(self) -> Announcements:
        return Announcements(
            begins=self._begins,
            ended=self._ended,
            failed=self._failed,
            skipped=self._skipped,
            asked=self._asked,
        )

    def close(self) -> None:
        self._open.close()

    @property
    def _silent(self) -> bool:
        return self._options.as_json

    def _asked(self, prepared: Prepared) -> None:
        if self._asks:
            self._open.close()
            confirm_steps(prepared.timeline, name=prepared.experiment.id)

    def _begins(self, number: int, count: int, prepared: Prepared) -> Watch:
        self._open.close()
        experiment = prepared.experiment
        if not (self._silent or self._options.quiet):
            err.print(Text(f"[{number}/{count}] {experiment.id}  {experiment.title}", style="bold"))
        return self._open.enter_context(self._watching(f"{experiment.id} [{number}/{count}]"))

    def _ended(self, finished: Finished) -> None:
        self._open.close()
        if self._options.quiet:
            out.print(headline(finished.judged, finished.code))
        elif not self._silent:
            show_run(out, finished.judged, finished.code, brief=not self._verbose)

    def _skipped(self, judged: Judged) -> None:
        self._open.close()
        if not self._silent:
            out.print(headline(judged, code_of(judged.verdict)))

    def _failed(self, name: str, trouble: Trouble) -> None:
        self._open.close()
        complain([f"{name}: {problem}" for problem in trouble.problems])


def _show_suite(finished: SuiteFinished, options: RunOptions) -> None:
    totals = finished.totals
    if options.as_json:
        data: dict[str, Any] = {
            "exit_code": int(finished.code),
            "directory": str(finished.directory),
            "totals": {**asdict(totals), "success_rate": totals.success_rate},
            "runs": [
                as_data(one, code_of(one.verdict), finished.directory) for one in finished.runs
            ],
        }
        out.tell_json(data)
        return
    if not options.quiet:
        show_advice(out, finished.runs)
    out.print(Text(f"\n{totals.told()}"))
    skipped = f", {totals.skipped} skipped" if totals.skipped else ""
    passed = f"{totals.passed} of {totals.scenarios} scenarios passed"
    out.print(Text(f"{passed}{skipped}: {finished.code.meaning}"))
    if not options.quiet:
        show_reports(out, finished.reports)
        out.print(Text(f"log: {finished.log}"))
