"""The command lines of ``hormesis run`` and ``plan``; the work is imported late."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hormesis.cli.option_types import (
    AsJson,
    Force,
    Out,
    Quiet,
    Scale,
    ScenarioDir,
    Seed,
    System,
    Yes,
)

OWN_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""What lets a suite have options of its own."""

What = Annotated[
    str,
    typer.Argument(
        metavar="FILE|SUITE",
        help="An experiment file, a suite's name or folder. `hormesis run SUITE --options` "
        "shows the suite's own options.",
    ),
]
SetOrSets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE|SET",
        help="Set a variable of the file, or choose a set of the suite. Repeatable.",
    ),
]
Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        "--scenarios",
        metavar="ID,…|all",
        help="Of a suite: only these scenarios. Repeatable.",
    ),
]
Recover = Annotated[
    bool, typer.Option("--recover", help="Undo what a dead run left before starting.")
]
Isolated = Annotated[
    bool,
    typer.Option(
        "--isolated",
        help="Run everything in network and mount namespaces of its own; needs no root.",
    ),
]
Sudo = Annotated[
    bool,
    typer.Option("--sudo", help="Let sudo start the custodian; nothing else gets its rights."),
]
User = Annotated[
    str,
    typer.Option(
        "--as", metavar="USER", help="Started by root: keep the rights to the custodian alone."
    ),
]


def run(
    context: typer.Context,
    what: What,
    variables: SetOrSets = None,
    seed: Seed = None,
    time_scale: Scale = 1.0,
    out: Out = Path("hormesis-runs"),
    system: System = None,
    scenarios: Scenarios = None,
    scenario_dirs: ScenarioDir = None,
    force: Force = False,
    recover: Recover = False,
    yes: Yes = False,
    isolated: Isolated = False,
    sudo: Sudo = False,
    user: User = "",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run an experiment or a suite, judge it and write its reports.

    A suite has options, sets and scenarios of its own: `hormesis run SUITE --options` lists them.
    """
    from hormesis.cli.run_command import run_command
    from hormesis.cli.run_options import run_options

    source = context.get_parameter_source("out")
    said = source is not None and source.name == "COMMANDLINE"
    given = {**context.params, "out_given": said}
    raise typer.Exit(run_command(what, run_options(given, tuple(context.args))))


def plan(
    context: typer.Context,
    what: What,
    variables: SetOrSets = None,
    seed: Seed = None,
    time_scale: Scale = 1.0,
    system: System = None,
    scenarios: Scenarios = None,
    scenario_dirs: ScenarioDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, when, to which targets and how. Nothing is touched.

    It takes what `hormesis run` takes of a suite, and shows one plan for each scenario.
    """
    from hormesis.cli.plan_command import plan_command
    from hormesis.cli.run_options import run_options

    raise typer.Exit(plan_command(what, run_options(context.params, tuple(context.args))))
