"""``hormesis run SUITE``: a suite's own options, its scenarios, one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

from rich.text import Text

from hormesis.cli.console import complain, err, out
from hormesis.cli.run_options import RunOptions
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
from hormesis.compose.suite_run import (
    Announcements,
    SuiteFinished,
    prepare_all,
    run_suite,
)
from hormesis.compose.suite_run import suite_directory as make_suite_directory
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import Trouble, UsageTrouble

Watching = Callable[[str], AbstractContextManager[Watch]]


def run_suite_command(
    suite: Suite, request: RunRequest, options: RunOptions, watching: Watching
) -> int:
    """Run the selected scenarios of *suite* and return the exit code."""
    given = suite_options(suite, options.extra)
    if given.pop("options", None):
        _show_options(suite)
        return ExitCode.PASS
    results = suite.file.results
    own_report = bool(results and given.pop(results.option, None))
    choice = given.pop(suite.file.select.option, None) if suite.file.select else None
    scenarios = suite.select(str(choice) if choice else None, options.scenarios)
    overrides = {
        **_variables_of(suite, given, request.environment),
        **request.overrides,
    }
    requests = prepare_all(scenarios, replace(request, overrides=overrides))
    directory = make_suite_directory(suite, request)
    shown = _Progress(options, watching)
    finished = run_suite(suite, requests, directory, shown.announcements(), own_report=own_report)
    shown.close()
    _show_suite(finished, options)
    return finished.code


def suite_options(suite: Suite, extra: tuple[str, ...]) -> dict[str, str | bool]:
    """Return what *extra* (``--name value``, ``--name=value``, ``--switch``) sets.

    Raises:
        UsageTrouble: an option the suite does not have, or one without its value.
    """
    file = suite.file
    switches = {"options", *([file.results.option] if file.results else [])}
    valued = {*file.options, *([file.select.option] if file.select else [])}
    given: dict[str, str | bool] = {}
    words = list(extra)
    while words:
        word = words.pop(0)
        name, sign, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in switches | valued:
            known = [f"--{one}" for one in sorted(switches | valued)]
            hint = did_you_mean(f"--{name}", known)
            raise UsageTrouble(
                f"suite {suite.name!r} has no option {word!r}",
                hint=hint or f"see `hormesis run {suite.name} --options`",
            )
        if name in switches:
            given[name] = True
        elif sign or words:
            given[name] = value if sign else words.pop(0)
        else:
            raise UsageTrouble(f"--{name} needs a value")
    return given


def _variables_of(
    suite: Suite, given: Mapping[str, str | bool], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that options set, or else the environment."""
    variables = {}
    for name, option in suite.file.options.items():
        if name in given:
            variables[option.var] = str(given[name])
        elif option.env and environment.get(option.env):
            variables[option.var] = environment[option.env]
    return variables


class _Progress:
    """Shows scenario after scenario while a suite runs."""

    def __init__(self, options: RunOptions, watching: Watching) -> None:
        self._options = options
        self._watching = watching
        self._open = ExitStack()

    def announcements(self) -> Announcements:
        return Announcements(
            begins=self._begins, ended=self._ended, failed=self._failed, skipped=self._skipped
        )

    def close(self) -> None:
        self._open.close()

    @property
    def _silent(self) -> bool:
        return self._options.as_json

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
            show_run(out, finished.judged, finished.code, brief=True)

    def _skipped(self, judged: Judged) -> None:
        self._open.close()
        if not self._silent:
            out.print(headline(judged, code_of(judged.verdict)))

    def _failed(self, name: str, trouble: Trouble) -> None:
        self._open.close()
        complain([f"{name}: {problem}" for problem in trouble.problems])


def _show_suite(finished: SuiteFinished, options: RunOptions) -> None:
    if options.as_json:
        data: dict[str, Any] = {
            "exit_code": int(finished.code),
            "directory": str(finished.directory),
            "runs": [
                as_data(one, code_of(one.verdict), finished.directory) for one in finished.runs
            ],
        }
        out.print_json(json.dumps(data))
        return
    if not options.quiet:
        show_advice(out, finished.runs)
    out.print(Text(f"\n{_counted(finished.runs)}: {finished.code.meaning}"))
    show_reports(out, finished.reports)


def _counted(runs: Sequence[Judged]) -> str:
    passed = sum(code_of(one.verdict) is ExitCode.PASS for one in runs)
    skipped = sum(bool(one.verdict.skipped) for one in runs)
    told = f"{passed} of {len(runs)} scenarios passed"
    return f"{told}, {skipped} skipped" if skipped else told


def _show_options(suite: Suite) -> None:
    file = suite.file
    out.print(Text(f"{suite.name}: {file.title}\n{file.description}"))
    if file.select:
        choices = ", ".join([*file.select.choices, "all"])
        out.print(Text(f"  --{file.select.option}  one of {choices}. {file.select.help}"))
    for name, option in file.options.items():
        env = f" (or {option.env})" if option.env else ""
        out.print(Text(f"  --{name} VALUE  {option.help}{env}"))
    if file.results:
        out.print(Text(f"  --{file.results.option}  {file.results.help}"))
    out.print(Text(f"  scenarios: {', '.join(suite.scenarios)}"))
