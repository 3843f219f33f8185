"""Confirmation: what a run will break that it did not start, told before it is broken."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.text import Text

from hormesis.cli.console import err
from hormesis.words.outcome import ExitCode
from hormesis.words.target import Target
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import Trouble


class Declined(Trouble):
    """The person at the terminal did not want it; nothing was done."""

    code = ExitCode.INTERRUPTED


def confirm(timeline: Timeline, *, scratch: str, yes: bool) -> None:
    """Tell which faults hit what the run did not start; on a terminal, ask whether to go on.

    Raises:
        Declined: the answer was no.
    """
    told = list(dict.fromkeys(_outside(timeline, scratch)))
    if yes or not told:
        return
    err.print(Text("This run breaks what it did not start:"))
    for line in told:
        err.print(Text(f"  {line}"))
    if not _is_terminal():
        return  # A script's author has decided; what is hit stands in its log.
    if not typer.confirm("Go on?", default=False, err=True):
        raise Declined("not confirmed; nothing was touched", hint="--yes goes on without asking")


def _outside(timeline: Timeline, scratch: str) -> Iterator[str]:
    own = {one.name for one in timeline.experiment.services if not one.attached}
    for action in timeline.actions:
        if not action.skip and (what := _what(action.target, own, scratch)):
            yield f"{action.fault.describe()} on {action.target.name}: {what}"


def _what(target: Target, own: set[str], scratch: str) -> str:
    """Return what of *target* is not the run's own; an empty text when all of it is."""
    if target.service is not None:
        return "" if target.service in own else f"the process {target.service}, which runs already"
    if target.container:
        return f"container {target.container}"
    if target.host:
        return "this machine"
    if target.netns:
        return f"network namespace {target.netns}"
    if target.path and not Path(target.path).is_relative_to(scratch):
        return f"the folder {target.path}"
    return ""


def _is_terminal() -> bool:
    return sys.stdin.isatty() and err.is_terminal
