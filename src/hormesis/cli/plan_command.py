"""``hormesis plan``: the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from hormesis.cli.console import complain, out
from hormesis.cli.run_options import RunOptions
from hormesis.cli.run_request import file_request, request_of
from hormesis.cli.suite_choice import choose
from hormesis.cli.target_view import unused_in
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.suite import Suite, find_suite
from hormesis.compose.suite_prepare import prepare_all
from hormesis.plan.text import notes_of, plan_lines
from hormesis.words.outcome import ExitCode
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import SkipTrouble


def plan_command(what: str, options: RunOptions) -> int:
    """Print the compiled timeline of a file, or of each scenario of a suite that would be run."""
    suite = find_suite(what)
    if suite is not None:
        return _plan_suite(suite, what, options)
    timeline = prepare(file_request(what, options, "plan")).timeline
    if options.as_json:
        out.tell_json(_as_data(timeline))
    else:
        _show(timeline)
    return ExitCode.PASS


def _plan_suite(suite: Suite, what: str, options: RunOptions) -> int:
    choice = choose(suite, request_of(what, options), options)
    if choice is None:
        return ExitCode.PASS
    prepared = prepare_all(choice.requests)
    complain(unused_in(choice))
    if options.as_json:
        plans = [{"scenario": name, **_told(one)} for name, one in prepared.items()]
        out.tell_json({"suite": suite.name, "plans": plans})
    else:
        _show_all(prepared)
    return ExitCode.PASS


def _show_all(prepared: Mapping[str, Prepared | SkipTrouble]) -> None:
    for number, (name, one) in enumerate(prepared.items(), 1):
        if len(prepared) > 1:
            out.print(Text(f"[{number}/{len(prepared)}] {name}", style="bold"))
        if isinstance(one, SkipTrouble):
            out.print(Text(f"{one.title}\nwould be skipped: {one}"))
        else:
            _show(one.timeline)
        if number < len(prepared):
            out.print()


def _show(timeline: Timeline) -> None:
    for line in plan_lines(timeline):
        out.print(Text(line))


def _told(prepared: Prepared | SkipTrouble) -> dict[str, Any]:
    if isinstance(prepared, SkipTrouble):
        return {"title": prepared.title, "skipped": str(prepared)}
    return _as_data(prepared.timeline)


def _as_data(timeline: Timeline) -> dict[str, Any]:
    moments = [
        {
            "at_s": _microseconds(moment.at_s),
            "until_s": _microseconds(moment.until_s),
            "sort": moment.sort,
            "name": moment.name,
            "text": moment.text,
            "mechanism": moment.mechanism,
        }
        for moment in timeline.moments
    ]
    return {
        "title": timeline.experiment.title,
        "seed": timeline.experiment.seed,
        "duration_s": _microseconds(timeline.duration_s),
        "moments": moments,
        "permit": timeline.permit.to_json(),
        "notes": notes_of(timeline),
    }


def _microseconds(seconds: float | None) -> float | None:
    """Return *seconds* without the noise of sums and time scales: 27.6, not 27.599999999999998."""
    return None if seconds is None else round(seconds, 6)
