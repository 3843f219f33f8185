"""``hormesis plan``: the dry run."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rich.text import Text

from hormesis.cli.console import out
from hormesis.cli.variables import variables_from
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import Suite, find_suite
from hormesis.compose.suite_options import option_values
from hormesis.compose.suite_prepare import requests_of
from hormesis.compose.suite_selection import Asked
from hormesis.plan.text import plan_lines
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble


def plan_command(
    file: Path,
    *,
    variables: tuple[str, ...],
    seed: int | None,
    time_scale: float,
    system: Path | None,
    as_json: bool,
    scenario: str = "",
    scenario_dirs: tuple[Path, ...] = (),
) -> int:
    """Print the compiled timeline of *file*, or of a *scenario* of the suite that it is."""
    suite = find_suite(str(file))
    request = RunRequest(
        file=file,
        out=Path("hormesis-runs"),
        overrides=variables_from(variables),
        environment=dict(os.environ),
        seed=seed,
        time_scale=time_scale,
        system=system,
    )
    if suite is not None:
        request = _of_suite(suite.with_folders(scenario_dirs), scenario, request)
    elif scenario or scenario_dirs:
        option = "--scenario" if scenario else "--scenario-dir"
        raise UsageTrouble(f"{option} is for suites; {file} is none")
    timeline = prepare(request).timeline
    if as_json:
        moments = [
            {
                "at_s": moment.at_s,
                "until_s": moment.until_s,
                "sort": moment.sort,
                "name": moment.name,
                "text": moment.text,
                "mechanism": moment.mechanism,
            }
            for moment in timeline.moments
        ]
        data = {
            "title": timeline.experiment.title,
            "seed": timeline.experiment.seed,
            "duration_s": timeline.duration_s,
            "moments": moments,
            "permit": timeline.permit.to_json(),
        }
        out.print_json(json.dumps(data))
        return ExitCode.PASS
    for line in plan_lines(timeline):
        out.print(Text(line))
    return ExitCode.PASS


def _of_suite(suite: Suite, scenario: str, request: RunRequest) -> RunRequest:
    """Return the request for one scenario, with what the suite's options say by themselves."""
    if not scenario:
        raise UsageTrouble(
            f"{request.file} is a suite of {len(suite.scenarios)} experiments; "
            "a plan is made of one",
            hint=f"name one of them: --scenario {next(iter(suite.scenarios), 'ID')}",
        )
    chosen = suite.select(Asked(named=(scenario,)))
    values = option_values(suite.file, {}, request.environment)
    requests = requests_of(chosen, request, values.variables)
    return next(iter(requests.values()))
