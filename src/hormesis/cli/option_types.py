"""Option types: the options that several commands share, each with its name and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a variable of the file. Repeatable."),
]
ScenarioDir = Annotated[
    list[Path] | None,
    typer.Option(
        "--scenario-dir",
        metavar="DIR",
        help="Of a suite: also the scenarios in this folder. Repeatable.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Replay with this seed.")]
Scale = Annotated[
    float,
    typer.Option(
        "--time-scale",
        metavar="FACTOR",
        help="Multiply the durations of the experiment's own shape; 0.1 runs ten times shorter.",
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Folder in which the run directory is made.")]
System = Annotated[
    Path | None, typer.Option("--system", help="A system file that replaces the file's system.")
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Break what the run did not start without asking, as in CI."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the verdict.")]
AsJson = Annotated[bool, typer.Option("--json", help="Only JSON, on standard output.")]
Force = Annotated[
    bool, typer.Option("--force", help="Run although another run tests the same target.")
]
