"""The Python door: the same calls as everywhere, spec → plan → run, and judging again.

from hormesis import api
finished = api.run("orders.yaml", time_scale=0.2)
assert finished.code == 0, finished.judged.verdict.reason
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from hormesis.compose.judging import judge_directory, render_run
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch
from hormesis.compose.running import run as run_prepared
from hormesis.words.report import Judged
from hormesis.words.timeline import Timeline

__all__ = ["Finished", "Judged", "check", "plan", "report", "run"]


def plan(
    file: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    seed: int | None = None,
    time_scale: float = 1.0,
    system: str | Path | None = None,
) -> Timeline:
    """Read, check and compile *file*; nothing happens on the host.

    The arguments are those of :func:`run`.

    Raises:
        InputTrouble: the file has problems; all of them are listed.
    """
    return prepare(
        RunRequest(
            file=Path(file),
            out=Path("hormesis-runs"),
            overrides=dict(variables or {}),
            environment=dict(os.environ),
            seed=seed,
            time_scale=time_scale,
            system=Path(system) if system is not None else None,
        )
    ).timeline


def run(
    file: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    seed: int | None = None,
    time_scale: float = 1.0,
    system: str | Path | None = None,
    force: bool = False,
    out: str | Path = "hormesis-runs",
    watch: Watch = lambda live: None,
) -> Finished:
    """Run the experiment in *file* and return the judged run.

    Args:
        file: an experiment file, YAML or JSON.
        variables: what ``--set`` gives on the command line.
        seed: overrides the file's seed.
        time_scale: multiplies the durations of the experiment's own shape.
        system: a system file that replaces the file's system.
        force: run although another run tests the same target.
        out: the folder in which the run directory is made.
        watch: called about five times a second with a live picture of the run.

    Raises:
        Trouble: bad input, a missing capability, effects left by an earlier run.
    """
    request = RunRequest(
        file=Path(file),
        out=Path(out),
        overrides=dict(variables or {}),
        environment=dict(os.environ),
        seed=seed,
        time_scale=time_scale,
        system=Path(system) if system is not None else None,
        force=force,
    )
    return run_prepared(prepare(request), watch=watch)


def check(run: str | Path) -> Judged:
    """Judge one run again, from its run directory alone.

    Args:
        run: a run directory, or the folder that holds it.

    Raises:
        InputTrouble: *run* is no run directory.
        CapabilityTrouble: it was judged by a check that is not installed here.
    """
    return judge_directory(Path(run))


def report(run: str | Path, kinds: Sequence[str] | None = None) -> list[Path]:
    """Judge one run again and write its reports; return their paths.

    Args:
        run: a run directory, or the folder that holds it.
        kinds: the reports to write; None: every kind there is.

    Raises:
        InputTrouble: *run* is no run directory.
        UsageTrouble: a kind is not known.
    """
    return render_run(Path(run), kinds)
