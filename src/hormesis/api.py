"""The Python door: the same three calls as everywhere, spec → plan → run.

from hormesis import api
finished = api.run("orders.yaml", time_scale=0.2)
assert finished.code == 0, finished.judged.verdict.reason
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch
from hormesis.compose.running import run as run_prepared
from hormesis.words.timeline import Timeline

__all__ = ["Finished", "plan", "run"]


def plan(
    file: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    seed: int | None = None,
    time_scale: float = 1.0,
) -> Timeline:
    """Read, check and compile *file*; nothing happens on the host.

    Raises:
        InputTrouble: the file has problems; all of them are listed.
    """
    return prepare(_request(file, "hormesis-runs", variables, seed, time_scale)).timeline


def run(
    file: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    seed: int | None = None,
    time_scale: float = 1.0,
    out: str | Path = "hormesis-runs",
    watch: Watch = lambda live: None,
) -> Finished:
    """Run the experiment in *file* and return the judged run.

    Args:
        file: an experiment file, YAML or JSON.
        variables: what ``--set`` gives on the command line.
        seed: overrides the file's seed.
        time_scale: multiplies the durations of the experiment's own shape.
        out: the folder in which the run directory is made.
        watch: called about five times a second with a live picture of the run.

    Raises:
        Trouble: bad input, a missing capability, effects left by an earlier run.
    """
    request = _request(file, out, variables, seed, time_scale)
    return run_prepared(prepare(request), watch=watch)


def _request(
    file: str | Path,
    out: str | Path,
    variables: Mapping[str, str] | None,
    seed: int | None,
    time_scale: float,
) -> RunRequest:
    return RunRequest(
        file=Path(file),
        out=Path(out),
        overrides=dict(variables or {}),
        environment=dict(os.environ),
        seed=seed,
        time_scale=time_scale,
        command=("hormesis", "run", str(file)),
    )
