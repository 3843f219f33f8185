"""Confirmation: what a run will break that it did not start, told before it is broken."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer
from rich.text import Text

from hormesis.cli.console import err
from hormesis.compose.preparing import Prepared
from hormesis.compose.suite_run import DeclinedScenario
from hormesis.spec.address import bare_address, url_address
from hormesis.words.outcome import ExitCode
from hormesis.words.target import Facet, Target
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import Trouble
from hormesis.words.units import text_of_seconds

_OF_PROCESS = frozenset({Facet.PROCESS, Facet.RESTARTABLE, Facet.CLOCK})
_OF_FOLDER = frozenset({Facet.PATH, Facet.VOLUME, Facet.FUSE})
_SCHEMES = {
    Facet.HTTP: ("http", "https"),
    Facet.POSTGRES: ("postgresql", "postgres"),
    Facet.REDIS: ("redis", "rediss"),
}


class Declined(Trouble):
    """The person at the terminal did not want it; nothing was done."""

    code = ExitCode.INTERRUPTED


def confirm(timeline: Timeline, *, scratch: str, yes: bool) -> None:
    """Tell which faults hit what the run did not start; on a terminal, ask whether to go on.

    Raises:
        Declined: the answer was no.
    """
    _ask("run", _outside(timeline, scratch), yes=yes)


def confirm_all(runs: Iterable[Prepared], *, yes: bool) -> None:
    """Tell which faults of a suite's *runs* hit what they did not start; ask once, as above.

    Raises:
        Declined: the answer was no.
    """
    _ask("suite", (one for it in runs for one in _outside(it.timeline, it.stand.scratch)), yes=yes)


def _ask(what: str, lines: Iterable[str], *, yes: bool) -> None:
    told = list(dict.fromkeys(lines))
    if yes or not told:
        return
    err.print(Text(f"This {what} breaks what it did not start:"))
    for line in told:
        err.print(Text(f"  {line}"))
    if not is_terminal():
        return  # A script's author has decided; what is hit stands in its log.
    if not typer.confirm("Go on?", default=False, err=True):
        raise Declined("not confirmed; nothing was touched", hint="--yes goes on without asking")


def confirm_steps(timeline: Timeline, *, name: str) -> None:
    """On a terminal, show each step that breaks something, and ask for each whether to take it.

    Raises:
        DeclinedScenario: one answer was no; the scenario shall not be run.
        Declined: the question was interrupted; no other scenario shall be run either.
    """
    if not is_terminal():
        return
    steps = [one for one in timeline.actions if not one.skip]
    for number, action in enumerate(steps, 1):
        lasts = f" for {text_of_seconds(action.for_s)}" if action.for_s else ""
        what = f"{action.fault.describe()} on {action.target.name}{lasts}"
        step = f"{name}, step {number} of {len(steps)}, at {text_of_seconds(action.at_s)}: {what}"
        try:
            goes_on = typer.confirm(f"{step}. Go on?", default=False, err=True)
        except typer.Abort:
            raise Declined("interrupted at the question; nothing of it was done") from None
        if not goes_on:
            raise DeclinedScenario(
                f"declined at the terminal: {what}", hint="--noninteractive asks nothing"
            )


def _outside(timeline: Timeline, scratch: str) -> Iterator[str]:
    own = {one.name for one in timeline.experiment.services if not one.attached}
    outside = set(timeline.experiment.attached_addresses)
    for action in timeline.actions:
        if action.skip:
            continue
        needs = next(way.needs for way in action.fault.ways() if way.name == action.fault.by)
        for what in _what(needs, action.target, own, outside, scratch):
            yield f"{action.fault.describe()} on {action.target.name}: {what}"


def _what(
    needs: frozenset[Facet], target: Target, own: set[str], outside: set[str], scratch: str
) -> Iterator[str]:
    """Yield what a fault that *needs* these facets hits of *target* that is not the run's own."""
    on_network = Facet.NETWORK in needs
    strangers = {*(target.descent.of if target.descent else [target.service or ""])} - own
    if target.service and strangers and (needs & _OF_PROCESS or on_network):
        of = "a child of " if target.descent else ""
        yield f"{of}the process {', '.join(sorted(strangers))}, which runs already"
    if target.container and (Facet.CONTAINER in needs or on_network):
        yield f"container {target.container}"
    if Facet.HOST in needs:
        yield "this machine"
    if target.netns and on_network:
        yield f"network namespace {target.netns}"
    if target.path and needs & _OF_FOLDER and not Path(target.path).is_relative_to(scratch):
        yield f"the folder {target.path}"
    for facet, address in _addresses(target):
        if (facet in needs or on_network) and address in outside:
            yield f"{address}, which runs already"


def _addresses(target: Target) -> Iterator[tuple[Facet, str]]:
    if target.address:
        yield Facet.ADDRESS, bare_address(target.address).usual
    for facet, url in (
        (Facet.HTTP, target.http), (Facet.POSTGRES, target.postgres), (Facet.REDIS, target.redis)
    ):  # fmt: skip
        if url:
            yield facet, url_address(url, _SCHEMES[facet]).usual


def is_terminal() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty() and err.is_terminal
