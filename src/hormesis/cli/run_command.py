"""``hormesis run``: an experiment file or a suite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial

from hormesis.cli.confirmation import confirm
from hormesis.cli.console import err, out
from hormesis.cli.live_view import PlainView, TerminalView
from hormesis.cli.revert_command import recover_all
from hormesis.cli.run_options import RunOptions
from hormesis.cli.run_request import file_request, request_of
from hormesis.cli.suite_command import run_suite_command
from hormesis.cli.verdict_view import as_data, show_advice, show_reports, show_run
from hormesis.compose.preparing import prepare
from hormesis.compose.running import Watch, run
from hormesis.compose.suite import find_suite
from hormesis.custodian.privilege import Starter, give_up_rights, start_starter
from hormesis.host.isolation import isolate
from hormesis.words.trouble import UsageTrouble


def run_command(what: str, options: RunOptions) -> int:
    """Run *what* and return the exit code."""
    if options.isolated:
        isolate(sys.argv[1:])
    starter = _starter(options)  # First: it may change whose environment this is.
    if options.recover:
        recover_all(err)  # Standard output holds the verdict alone.
    suite = find_suite(what)
    if suite is not None:
        named = replace(request_of(what, options), starter=starter, suite=what)
        return run_suite_command(suite, named, options, partial(watching, options=options))
    prepared = prepare(replace(file_request(what, options, "run"), starter=starter))
    attached = [one.name for one in prepared.experiment.services if one.attached]
    if options.isolated and attached:
        raise UsageTrouble(
            f"--isolated hides what runs already, and {', '.join(attached)} does",
            hint="let the run start it, or leave --isolated out",
        )
    confirm(prepared.timeline, scratch=prepared.stand.scratch, yes=options.yes)
    with watching(prepared.experiment.title, options) as watch:
        finished = run(prepared, watch=watch)
    if options.as_json:
        data = as_data(finished.judged, finished.code, finished.directory)
        out.tell_json(data)
        return finished.code
    show_run(out, finished.judged, finished.code, brief=options.quiet)
    if not options.quiet:
        show_advice(out, [finished.judged])
        show_reports(out, finished.reports)
    return finished.code


@contextmanager
def watching(title: str, options: RunOptions) -> Iterator[Watch]:
    """Give a watcher that fits the terminal and the options."""
    if options.as_json:
        # What clients of the user's own print must not stand among the JSON.
        with redirect_stdout(sys.stderr):
            yield lambda live: None
    elif options.quiet:
        yield lambda live: None
    elif err.is_terminal:
        with TerminalView(title) as view:
            yield view
    else:
        yield PlainView()


def _starter(options: RunOptions) -> Starter | None:
    """Give up what rights the options say, and return what keeps them for the custodian."""
    if options.sudo and options.user:
        raise UsageTrouble("--sudo and --as are two ways to one end", hint="give one of them")
    if options.user:
        return give_up_rights(options.user)
    return start_starter(sudo=True) if options.sudo else None
