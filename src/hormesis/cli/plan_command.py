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
from hormesis.compose.suite import find_suite
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
) -> int:
    """Print the compiled timeline of *file*."""
    suite = find_suite(str(file))
    if suite is not None:
        files = (one.file for one in suite.scenarios.values() if one.written is None)
        first = next(files, file / "SCENARIO.yaml")
        raise UsageTrouble(
            f"{file} is a suite of {len(suite.scenarios)} experiments; a plan is made of one",
            hint=f"name a scenario's file, for example hormesis plan {first}",
        )
    request = RunRequest(
        file=file,
        out=Path("hormesis-runs"),
        overrides=variables_from(variables),
        environment=dict(os.environ),
        seed=seed,
        time_scale=time_scale,
        system=system,
    )
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
