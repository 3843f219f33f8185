"""The Python door: the same calls as everywhere, spec → plan → run, and judging again.

from hormesis import api
finished = api.run("orders.yaml", time_scale=0.2)
assert finished.code == 0, finished.judged.verdict.reason

with api.running({"processes": {"web": {"run": ["./web"]}}}) as run:   # or steer it by hand
    with run.fault("pause", "web") as bite:
        ...
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from hormesis.compose.by_hand import RUNS, ByHand, by_hand
from hormesis.compose.by_hand_alone import FaultAlone, HasPid, Proxy
from hormesis.compose.by_hand_fault import Bite, FaultByHand
from hormesis.compose.by_hand_trouble import (
    EndedEarly,
    NeverEntered,
    NoBite,
    NotDone,
    NotReady,
    NotUndone,
    RunEnded,
)
from hormesis.compose.judging import judge_directory, render_run
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch
from hormesis.compose.running import run as run_prepared
from hormesis.words.report import Judged
from hormesis.words.timeline import Timeline

__all__ = [
    "Bite", "ByHand", "EndedEarly", "FaultAlone", "FaultByHand", "Finished", "Judged",
    "NeverEntered", "NoBite", "NotDone", "NotReady", "NotUndone", "Proxy", "RunEnded",
    "check", "fault", "plan", "proxy", "report", "run", "running",
]  # fmt: skip


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
            out=RUNS,
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
    out: str | Path = RUNS,
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


def running(
    document: Mapping[str, Any] | str | PurePath,
    *,
    variables: Mapping[str, str] | None = None,
    seed: int | None = None,
    out: str | Path = RUNS,
    reports: Sequence[str] | None = (),
    force: bool = False,
) -> ByHand:
    """Return a run of *document* whose faults this program chooses while it plays.

    It is entered with ``with`` or ``async with``; nothing happens before. Leaving it, and the
    death of this program too, puts everything back.

    Args:
        document: an experiment, or only its system, as in a file; or the path of a file. The keys
            of the system (``processes``, ``links`` …) may stand at the top.
        variables: what ``--set`` gives on the command line.
        seed: overrides the document's seed.
        out: the folder in which the run directory is made.
        reports: the kinds of reports to write; None: every kind there is.
        force: run although another run tests the same target.

    Raises:
        InputTrouble: a file cannot be read, or a value is none that a file could hold.
    """
    return by_hand(
        document, variables=variables, seed=seed, out=out, reports=reports, force=force
    )


def fault(
    kind: str,
    *,
    process: int | HasPid | None = None,
    port: int | None = None,
    start: Sequence[str] | None = None,
    link: str | None = None,
    address: str | None = None,
    http: str | None = None,
    postgres: str | None = None,
    redis: str | None = None,
    path: str | PurePath | None = None,
    container: str | None = None,
    netns: str | None = None,
    host: bool = False,
    out: str | Path = RUNS,
    seed: int | None = None,
    **given: Any,
) -> FaultAlone:
    """Return one fault in a run of its own, to be entered with ``with`` or ``async with``.

    Args:
        kind: the fault's name, as in a file.
        process: a process, or its id.
        port: the TCP port that a running process listens on.
        start: of ``process`` and ``port``: the command that starts it again.
        link: ``host:port`` or URL of a server; whatever is to be hurt connects to the fault's own
            ``address`` (or ``url``) instead.
        address, http, postgres, redis, path, container, netns, host: facets of a target as in a
            file; several may be given.
        out: the folder in which the run directory is made.
        seed: the run's seed.
        given: ``for_``, ``wait`` and ``name`` of :meth:`ByHand.fault
            <hormesis.compose.by_hand.ByHand.fault>`, and the fault's parameters.

    Raises:
        UsageTrouble: no target is given.
    """
    facets = {
        "process": process, "port": port, "start": start, "link": link, "address": address,
        "http": http, "postgres": postgres, "redis": redis, "path": path, "container": container,
        "netns": netns, "host": host or None,
    }  # fmt: skip
    told = {name: value for name, value in facets.items() if value is not None}
    return FaultAlone(kind, told, given, out=out, seed=seed)


def proxy(upstream: str, *, out: str | Path = RUNS, seed: int | None = None) -> Proxy:
    """Return a proxy to a server, to be entered with ``with`` or ``async with``.

    Args:
        upstream: ``host:port`` of the server, or its URL.
        out: the folder in which the run directory is made.
        seed: the run's seed.
    """
    return Proxy(upstream, out=out, seed=seed)


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
