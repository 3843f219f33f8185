"""``hormesis load``: load on a URL, a script's users, or the loads of an experiment file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from rich.text import Text

from hormesis.cli.confirmation import confirm
from hormesis.cli.console import err, out
from hormesis.cli.load_options import LoadOptions
from hormesis.cli.load_table import breaking_points, show_load, table_data
from hormesis.cli.load_view import EndpointView, LoadView, PlainLoadView
from hormesis.cli.variables import variables_from
from hormesis.cli.verdict_view import as_data, headline, show_advice, show_reports, show_run
from hormesis.compose.load_copies import check_copies, write_copies
from hormesis.compose.load_source import Source, source_of
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.preparing_load import prepared_load
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch, run
from hormesis.words.experiment import Experiment
from hormesis.words.trouble import UsageTrouble


def load_command(options: LoadOptions) -> int:
    """Play the load and return the exit code of its verdict."""
    check_copies(summary=options.summary_json, csv=options.csv)
    if options.find_limit:
        from hormesis.cli.limit_command import limit_command

        return limit_command(options, lambda one: request_of(Source(Path(one.wanted.what)), one))
    with ExitStack() as stack:
        if options.as_json:
            # What users and their scripts print must not stand among the JSON.
            stack.enter_context(redirect_stdout(sys.stderr))
        finished = _played(options)
    copies = write_copies(finished, summary=options.summary_json, csv=options.csv)
    return _tell(finished, copies, options)


def _played(options: LoadOptions) -> Finished:
    source = source_of(options.wanted)
    with _prepared(source, options) as prepared:
        confirm(prepared.timeline, scratch=prepared.stand.scratch, yes=options.yes)
        with load_watching(prepared.experiment, source.told, options) as watch:
            return run(prepared, watch=watch)


@contextmanager
def _prepared(source: Source, options: LoadOptions) -> Iterator[Prepared]:
    request = request_of(source, options)
    if source.experiment is not None:
        with prepared_load(source.experiment, request) as prepared:
            yield prepared
        return
    prepared = prepare(request)
    _refuse_other(prepared.experiment, options.wanted.what)
    yield prepared


def request_of(source: Source, options: LoadOptions) -> RunRequest:
    """Return the request for one run of *source*."""
    return RunRequest(
        file=source.file,
        out=options.out,
        overrides=variables_from(options.wanted.variables) if source.has_variables else {},
        environment=dict(os.environ),
        seed=options.seed,
        time_scale=options.wanted.time_scale,
        force=options.force,
        processes=options.wanted.processes or 0,
        cluster=options.cluster,
        metrics_port=options.prometheus,
        otel=options.otel,
    )


def _refuse_other(experiment: Experiment, what: str) -> None:
    if experiment.faults:
        names = ", ".join(track.name for track in experiment.faults)
        raise UsageTrouble(
            f"{what} has faults ({names}), and `hormesis load` is for load alone",
            hint=f"`hormesis run {what}` plays both",
        )
    if not experiment.loads:
        raise UsageTrouble(f"{what} has no load track", hint="add `- load: …` to its tracks")


@contextmanager
def load_watching(
    experiment: Experiment, told: tuple[str, ...], options: LoadOptions
) -> Iterator[Watch]:
    """Give a watcher that fits the terminal and the options."""
    with ExitStack() as stack:
        views: list[Watch] = []
        if not (options.as_json or options.quiet):
            _announce(experiment, told)
            if err.is_terminal:
                views.append(stack.enter_context(LoadView(experiment.title)))
            else:
                views.append(PlainLoadView())
        elif options.prometheus is not None:
            views.append(EndpointView())

        def watch(live: Any) -> None:
            for view in views:
                view(live)

        yield watch


def _announce(experiment: Experiment, told: tuple[str, ...]) -> None:
    err.print(Text(experiment.title, style="bold"))
    for line in told:
        err.print(Text(f"  {line}"))


def _tell(finished: Finished, copies: list[Path], options: LoadOptions) -> int:
    if options.as_json:
        data = as_data(finished.judged, finished.code, finished.directory)
        told = breaking_points(finished.judged)
        load = {**table_data(finished.judged.history), "breaking_points": told}
        out.tell_json({**data, "load": load})
        return finished.code
    if options.quiet:
        out.print(headline(finished.judged, finished.code))
        return finished.code
    show_load(out, finished.judged.history)
    show_run(out, finished.judged, finished.code)
    show_advice(out, [finished.judged])
    show_reports(out, finished.reports)
    for path in copies:
        out.print(Text(f"written: {path}"))
    return finished.code
