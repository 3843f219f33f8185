"""``hormesis run``: an experiment file or a suite."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path

from hormesis.cli.confirmation import confirm
from hormesis.cli.console import err, out
from hormesis.cli.live_view import PlainView, TerminalView
from hormesis.cli.revert_command import recover_all
from hormesis.cli.run_options import RunOptions
from hormesis.cli.suite_command import run_suite_command
from hormesis.cli.variables import variables_from
from hormesis.cli.verdict_view import as_data, show_advice, show_reports, show_run
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Watch, run
from hormesis.compose.suite import find_suite, suite_names
from hormesis.custodian.privilege import Starter, give_up_rights, start_starter
from hormesis.host.isolation import isolate
from hormesis.spec.did_you_mean import did_you_mean
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
        chosen, options = _set_of(options)
        named = replace(_request(Path(what), options), starter=starter, suite=what)
        watched = partial(watching, options=options)
        return run_suite_command(suite, named, options, watched, chosen_set=chosen)
    request = replace(_request(Path(what), options), starter=starter)
    _refuse_extra(options)
    if not Path(what).exists():
        known = list(suite_names())
        hint = did_you_mean(what, known) or f"suites: {', '.join(known)}"
        raise UsageTrouble(f"{what!r} is neither a file nor a suite", hint=hint)
    prepared = prepare(request)
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
        out.print_json(json.dumps(data))
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


def _request(file: Path, options: RunOptions) -> RunRequest:
    return RunRequest(
        file=file,
        out=options.out,
        overrides=variables_from(options.variables),
        environment=dict(os.environ),
        seed=options.seed,
        time_scale=options.time_scale,
        system=options.system,
        force=options.force,
    )


def _set_of(options: RunOptions) -> tuple[str, RunOptions]:
    """Return the set of a suite that ``--set NAME`` chooses, and the options without it."""
    names = [one for one in options.variables if "=" not in one]
    if len(names) > 1:
        raise UsageTrouble(
            f"--set {names[1]}: --set {names[0]} has chosen a set already",
            hint="a suite runs one set at a time",
        )
    variables = tuple(one for one in options.variables if "=" in one)
    return (names[0] if names else ""), replace(options, variables=variables)


def _refuse_extra(options: RunOptions) -> None:
    if options.scenarios or options.scenario_dirs:
        option = "--scenario" if options.scenarios else "--scenario-dir"
        raise UsageTrouble(f"{option} is for suites; this is one experiment file")
    if options.extra:
        raise UsageTrouble(f"no such option: {options.extra[0]}", hint="see `hormesis run --help`")
