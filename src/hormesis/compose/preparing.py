"""Preparing: from a file to a compiled timeline and a place where the run can happen.

Nothing here has an effect on the host: what it returns can be printed and thrown away.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

from hormesis.compose.consulted import Consulted
from hormesis.compose.registry import catalogue, systems
from hormesis.compose.request import RunRequest
from hormesis.compose.selecting_containers import engines_missing, with_containers
from hormesis.custodian.privilege import Starter
from hormesis.custodian.registry import MACHINE, state_folder
from hormesis.engine.clock import LoopClock
from hormesis.engine.stand import Stand
from hormesis.host.means import survey
from hormesis.host.ports import Ports
from hormesis.host.room import backing_of
from hormesis.host.startable import why_not_startable
from hormesis.host.verbs import verb_names
from hormesis.host.verbs.scratch import folder_of
from hormesis.plan.by_hand import opened
from hormesis.plan.compile import compile_timeline
from hormesis.record.run_directory import RunDirectory, name_of
from hormesis.spec.bindings import Bindings
from hormesis.spec.experiment_file import read_experiment
from hormesis.words.experiment import Experiment
from hormesis.words.kind import Kind
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import InputTrouble, Problem, SkipTrouble, UsageTrouble

TIME_SCALE_MAX = 100.0


@dataclass(frozen=True)
class Prepared:
    """A run that could begin now."""

    request: RunRequest
    experiment: Experiment
    timeline: Timeline
    stand: Stand
    clock: LoopClock
    wall: float
    """When it was prepared, in seconds since the epoch; the directory is named after it."""
    directory: RunDirectory
    consulted: Mapping[str, str]
    """The environment variables that the file read."""
    ports: Ports
    """Those of its services and links, reserved until the run is forgotten."""


def prepare(request: RunRequest, *, run_id: str | None = None) -> Prepared:
    """Read, check and compile the request's file.

    Raises:
        UsageTrouble: the time scale is no sensible factor, or the seed is negative.
        InputTrouble: the file has problems; all of them are listed.
        SkipTrouble: it cannot be run on this system, or needs an extra that is not installed.
    """
    scale = request.time_scale
    if not 0 < scale <= TIME_SCALE_MAX:
        raise UsageTrouble(
            f"time scale {scale:g}: expected a factor above 0 and up to {TIME_SCALE_MAX:g}"
        )
    if request.seed is not None and request.seed < 0:
        raise UsageTrouble(f"seed {request.seed}: expected a whole number of at least 0")
    clock = LoopClock()
    identity = SystemRandom()
    run_id = run_id or f"{identity.randrange(16**6):06x}"
    wall = clock.wall()
    scratch = str(folder_of(run_id))
    path = request.out.resolve() / name_of(wall, request.slug, run_id)
    ports = Ports(Random(identity.randrange(2**62)))
    environment = Consulted(request.environment)
    experiment = read_experiment(
        request.file,
        catalogue=catalogue(),
        bindings=Bindings(
            run_dir=str(path),
            scratch=scratch,
            run_id=run_id,
            python=sys.executable,
            port_of=lambda name: ports.next(),
            why_not_startable=why_not_startable,
        ),
        overrides=request.overrides,
        environment=environment,
        time_scale=request.time_scale,
        seed=request.seed,
        systems=systems(),
        system=request.system,
        written=request.written,
        by_hand=request.by_hand,
    )
    check_drivers(_kinds_of(experiment), experiment.title)
    _check_volumes(experiment)
    experiment = with_containers(experiment)
    timeline = compile_timeline(experiment, _missing_means(experiment, request.starter))
    if request.by_hand:
        timeline = opened(timeline, verb_names())
    _refuse_if_nothing_can_be_done(timeline)
    directory = RunDirectory(path)
    stand = Stand(
        run_id=run_id,
        directory=path,
        state=_state_of(request),
        starter=request.starter,
        ledger=directory.ledger,
        scratch=scratch,
        processes=request.processes,
        cluster=request.cluster,
    )
    return Prepared(
        request, experiment, timeline, stand, clock, wall, directory, environment.seen, ports
    )


def _check_volumes(experiment: Experiment) -> None:
    """Refuse volumes that can never hold what they promise: a fill would break something else.

    Raises:
        InputTrouble: one is larger than what is behind it.
    """
    problems = []
    for volume in experiment.volumes:
        backing = backing_of(volume.sort, tempfile.gettempdir())
        if volume.size_bytes > backing.size_bytes:
            message = f"expected at most {backing.size_bytes} bytes, {backing.what}"
            problems.append(
                Problem(f"{message}, found {volume.size_bytes}", path=f"volumes.{volume.name}.size")
            )
    if problems:
        raise InputTrouble(problems)


def _state_of(request: RunRequest) -> Path:
    """Return where the run is known: to the machine when its custodian has the machine's rights."""
    given = request.environment.get("HORMESIS_STATE")
    if request.starter is not None and not given:
        return MACHINE
    return state_folder(request.environment)


def _missing_means(experiment: Experiment, starter: Starter | None) -> dict[str, str]:
    """Return why this machine lacks what it lacks, of all that the faults could use.

    It is found out with the rights of the custodian, which is the one that will do it.
    """
    ways = [way for track in experiment.faults for way in track.fault.ways()]
    means = {name for way in ways for name in way.means}
    found = survey(means) if starter is None else starter.survey(means)
    return {**found, **engines_missing(experiment)}


def _refuse_if_nothing_can_be_done(timeline: Timeline) -> None:
    """Refuse a run of which every fault would be skipped: it could prove nothing.

    Raises:
        SkipTrouble: that is so, with every reason.
    """
    skips = {action.track: action.skip for action in timeline.actions if action.skip}
    if skips and all(action.skip for action in timeline.actions):
        raise SkipTrouble(
            (
                Problem(text, path=f"tracks.{track}", hint="see `hormesis doctor`")
                for track, text in skips.items()
            ),
            title=timeline.experiment.title,
        )


def _kinds_of(experiment: Experiment) -> Iterable[Kind]:
    return [
        *(track.fault for track in experiment.faults),
        *(track.probe for track in experiment.probes),
        *(named.probe for named in (*experiment.steady_state, *experiment.final_probes)),
    ]


def check_drivers(kinds: Iterable[Kind], title: str) -> None:
    """Refuse *kinds* that need an optional extra which is not installed.

    Raises:
        SkipTrouble: there are some; all of them are listed.
    """
    missing = {
        (kind.kind, kind.extra)
        for kind in kinds
        if kind.driver and importlib.util.find_spec(kind.driver) is None
    }
    if missing:
        raise SkipTrouble(
            (
                Problem(f"{name} needs an extra: pip install 'hormesis[{extra}]'")
                for name, extra in sorted(missing)
            ),
            title=title,
        )
