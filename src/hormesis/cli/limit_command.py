"""``hormesis load --find-limit``: the search for the highest rate that holds, as it goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, redirect_stdout
from dataclasses import replace

from rich.text import Text

from hormesis.cli.console import err, out
from hormesis.cli.load_options import LoadOptions
from hormesis.cli.load_table import duration_told, share_told
from hormesis.cli.load_view import LoadView
from hormesis.compose.finding_limit import (
    LimitAnnouncements,
    LimitFound,
    Step,
    find_limit,
)
from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.load_shape import LASTS_S
from hormesis.compose.load_source import source_of
from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.option_problems import OptionProblems
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Watch
from hormesis.record.limit_search import LimitAsked, TrialEnd, rate_told
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble
from hormesis.words.units import per_second_from, seconds_from, share_from, text_of_seconds

FIRST = "10/s"
_UNFIT = ("--iterations", "--stage", "--start-vus", "--no-default-threshold")
_SIGNS = {
    TrialEnd.HELD: ("✔", "green"),
    TrialEnd.BROKE: ("✘", "red"),
    TrialEnd.SATURATED: ("?", "yellow"),
}


def limit_command(options: LoadOptions, request_of: Callable[[LoadOptions], RunRequest]) -> int:
    """Search the limit, tell it, and return the exit code."""
    asked, settle_s = _asked(options)
    shown = _Progress(options)
    wanted = options.wanted
    length = wanted.lasts or text_of_seconds(LASTS_S)
    if not (options.as_json or options.quiet):
        err.print(Text(f"The limit of {wanted.what}", style="bold"))
        told = f"from {rate_told(asked.first)} on, {length} each, within {asked.precision:.1%}"
        err.print(Text(f"  {told}, both ends {asked.repeats} times"))
    try:
        with redirect_stdout(sys.stderr) if options.as_json else nullcontext():
            found = find_limit(
                f"Limit of {wanted.what}",
                asked,
                lambda rate: experiment_at(wanted, rate),
                request_of(options),
                LimitAnnouncements(begins=shown.begins, ended=shown.ended),
                settle_s=settle_s,
            )
    finally:
        shown.close()
    _tell(found, options)
    return found.code


def experiment_at(wanted: LoadWanted, rate: float) -> LoadExperiment:
    """Return the experiment of one step.

    Raises:
        UsageTrouble: what is loaded has a shape of its own.
    """
    at = replace(wanted, rate=f"{rate:.9g}/s", lasts=wanted.lasts or text_of_seconds(LASTS_S))
    experiment = source_of(at).experiment
    if experiment is None:
        raise UsageTrouble(
            "--find-limit is for URLs and scripts; the loads of a file have rates of their own"
        )
    return experiment


def _asked(options: LoadOptions) -> tuple[LimitAsked, float]:
    problems = OptionProblems()
    limit = options.limit
    for option in options.wanted.given():
        if option in _UNFIT:
            problems.add(option, "expected only without --find-limit, which sets the rate itself")
    first = problems.parsed("--rate", options.wanted.rate or FIRST, per_second_from, 1.0)
    precision = problems.parsed("--precision", limit.precision, share_from, 0.05)
    rate_max = (
        problems.parsed("--rate-max", limit.rate_max, per_second_from, first)
        if limit.rate_max
        else float("inf")
    )
    lasts_s = LASTS_S
    if options.wanted.lasts:
        lasts_s = problems.parsed("--for", options.wanted.lasts, seconds_from, LASTS_S)
    settle_s = problems.parsed("--settle", limit.settle, seconds_from, 0.0)
    if first <= 0 or rate_max <= 0:
        problems.add("--rate", "expected a rate above 0")
    elif rate_max < first:
        problems.add("--rate-max", f"expected no less than --rate ({rate_told(first)})")
    if not 0.001 <= precision <= 0.5:
        problems.add("--precision", f"expected 0.1% to 50%, found {limit.precision}")
    problems.raise_if_any()
    asked = LimitAsked(first, precision, limit.repeats, rate_max, lasts_s=lasts_s)
    return asked, settle_s


class _Progress:
    """Shows trial after trial."""

    def __init__(self, options: LoadOptions) -> None:
        self._silent = options.as_json or options.quiet
        self._open = ExitStack()
        self._number = 0

    def begins(self, number: int, rate: float) -> Watch:
        self._number = number
        if self._silent or not err.is_terminal:
            return lambda live: None
        return self._open.enter_context(LoadView(f"[{number}] {rate_told(rate)}"))

    def ended(self, step: Step) -> None:
        self.close()
        if self._silent:
            return
        trial = step.trial
        sign, colour = _SIGNS[trial.ended]
        told = (
            f"{rate_told(trial.rate):>10}  p95 {duration_told(step.p95_s)}, failed "
            f"{share_told(step.failed_share)}{f'  {trial.why}' if trial.why else ''}"
        )
        err.print(Text.assemble(f"{self._number:3}  ", (f"{sign} ", f"bold {colour}"), told))

    def close(self) -> None:
        self._open.close()


def _tell(found: LimitFound, options: LoadOptions) -> None:
    if options.as_json:
        out.tell_json({**found.data, "directory": str(found.directory)})
        return
    colour = "green" if found.code is ExitCode.PASS else "yellow"
    out.print(Text.assemble(("LIMIT ", f"bold {colour}"), found.limit.sentence))
    if options.quiet:
        return
    out.print(Text(f"  {found.limit.confidence:.0%} sure, after {len(found.steps)} trials"))
    out.print(Text(f"report: {found.page}"))
    out.print(Text(f"report: {found.directory / 'limit.json'}"))
