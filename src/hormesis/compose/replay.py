"""The command line that makes a run again."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from hormesis.compose.request import RunRequest


def replay_argv(
    request: RunRequest, *, seed: int, consulted: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the command that repeats *request* in every respect but where it is written.

    *seed* is the one that was used, drawn or given. *consulted* are the environment variables that
    the file read; they stand before the command, after ``env``. Nothing is masked here.
    """
    environment = [f"{name}={value}" for name, value in sorted(consulted.items())]
    prefix = ["env", *environment] if environment else []
    if request.by_hand:
        return (*prefix, *(request.command or ("python", *sys.orig_argv[1:])))
    if request.command:
        return (*prefix, *request.command, "--seed", str(seed))
    what = [request.suite or str(request.file)]
    if request.scenario:
        what += ["--scenario", request.scenario]
    for folder in request.scenario_dirs:
        what += ["--scenario-dir", str(folder)]
    for name, value in request.overrides.items():
        what += ["--set", f"{name}={value}"]
    if request.time_scale != 1.0:
        what += ["--time-scale", str(request.time_scale)]
    if request.system is not None:
        what += ["--system", str(request.system)]
    return (*prefix, "hormesis", "run", *what, "--seed", str(seed))
