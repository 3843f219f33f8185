"""``hormesis run SUITE``: a suite's own options, its scenarios, one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, replace
from typing import Any

from rich.text import Text

from hormesis.cli.confirmation import confirm_all, confirm_steps
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
from hormesis.compose.suite_options import option_values
from hormesis.compose.suite_prepare import check_all, reaching_nothing, requests_of
from hormesis.compose.suite_run import Announcements, SuiteFinished, directory_for, run_suite
from hormesis.compose.suite_selection import Asked
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.trouble import Trouble, UsageTrouble

Watching = Callable[[str], AbstractContextManager[Watch]]


def run_suite_command(
    suite: Suite,
    request: RunRequest,
    options: RunOptions,
    watching: Watching,
    *,
    chosen_set: str = "",
) -> int:
    """Run the selected scenarios of *suite* and return the exit code."""
    suite = suite.with_folders(options.scenario_dirs)
    given = suite_options(suite, options.extra)
    if given.pop("options", None):
        show_options(suite)
        return ExitCode.PASS
    results = suite.file.results
    own_report = bool(results and given.pop(results.option, None))
    choices = {
        one.option: str(given.pop(one.option))
        for one in suite.file.selections
        if one.option in given
    }
    scenarios = suite.select(Asked(choices, options.scenarios, chosen_set))
    values = option_values(suite.file, given, request.environment, chosen_set)
    request = replace(
        request, out=values.out or request.out, scenario_dirs=options.scenario_dirs
    )
    requests = requests_of(scenarios, request, values.variables)
    for name in sorted(values.given & {*reaching_nothing(requests, values.variables)}):
        option = next(key for key, one in suite.file.every_option.items() if one.var == name)
        complain([f"--{option} changes nothing: none of these scenarios has the variable {name}"])
    prepared = check_all(requests)
    if not suite.file.asks:
        confirm_all(prepared, yes=options.yes or values.yes)
    directory = directory_for(suite, request, list(requests))
    shown = _Progress(
        options, watching, verbose=values.verbose, asks=suite.file.asks and not values.yes
    )
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
    own = {name: one.switch for name, one in file.every_option.items()}
    asked = [file.results.option] if file.results and file.results.option else []
    switches = {"options", *asked, *(name for name, switch in own.items() if switch)}
    valued = {
        *(name for name, switch in own.items() if not switch),
        *(one.option for one in file.selections),
    }
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
            if sign:
                raise UsageTrouble(f"--{name} takes no value")
            given[name] = True
        elif sign or words:
            given[name] = value if sign else words.pop(0)
        else:
            raise UsageTrouble(f"--{name} needs a value")
    return given


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
        out.print_json(json.dumps(data))
        return
    if not options.quiet:
        show_advice(out, finished.runs)
    out.print(Text(f"\n{totals.told()}"))
    out.print(Text(f"{_counted(finished.runs)}: {finished.code.meaning}"))
    show_reports(out, finished.reports)
    out.print(Text(f"log: {finished.log}"))


def _counted(runs: Sequence[Judged]) -> str:
    passed = sum(code_of(one.verdict) is ExitCode.PASS for one in runs)
    skipped = sum(bool(one.verdict.skipped) for one in runs)
    told = f"{passed} of {len(runs)} scenarios passed"
    return f"{told}, {skipped} skipped" if skipped else told


def show_options(suite: Suite) -> None:
    """Print the suite's own options, its selections, sets and scenarios."""
    file = suite.file
    out.print(Text(f"{suite.name}: {file.title}\n{file.description}"))
    for one in file.selections:
        choices = ", ".join([*one.choices, "all"])
        out.print(Text(f"  --{one.option}  one of {choices}. {one.help}"))
    for name, option in file.every_option.items():
        env = f" (or {option.env})" if option.env else ""
        value = "" if option.switch else f" {'|'.join(option.choices) or 'VALUE'}"
        default = f" [{option.default}]" if option.default else ""
        out.print(Text(f"  --{name}{value}  {option.help}{env}{default}"))
    for name, chosen in file.sets.items():
        out.print(Text(f"  --set {name}  {chosen.help} ({', '.join(chosen.scenarios) or 'all'})"))
    if file.results and file.results.option:
        out.print(Text(f"  --{file.results.option}  {file.results.help}"))
    out.print(Text(f"  scenarios: {', '.join(suite.scenarios)}"))
