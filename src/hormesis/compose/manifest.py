"""The manifest: what was known before a run began, enough to replay, re-judge and re-render it."""

from __future__ import annotations

import os
import platform
import shlex
from pathlib import Path
from typing import Any

from hormesis import __version__
from hormesis.compose.preparing import Prepared
from hormesis.compose.replay import replay_argv
from hormesis.words.check import Check
from hormesis.words.experiment import Experiment
from hormesis.words.secrets import masked_command, masked_data
from hormesis.words.units import text_of_seconds


def manifest_of(prepared: Prepared) -> dict[str, Any]:
    """Return the manifest of a run, as plain data."""
    experiment = prepared.experiment
    command = masked_command(
        replay_argv(prepared.request, seed=experiment.seed, consulted=prepared.consulted)
    )
    shown = {
        "run": prepared.stand.run_id,
        "id": experiment.id,
        **({"scenario": prepared.request.scenario} if prepared.request.scenario else {}),
        "title": experiment.title,
        "description": experiment.description,
        "seed": experiment.seed,
        "command": command,
        "replay": shlex.join(command),
        "started_wall": prepared.wall,
        "version": __version__,
        "experiment": _asked_for(prepared),
        "time_scale": experiment.time_scale,
        "duration_s": prepared.timeline.duration_s,
        "machine": {
            "system": platform.system(),
            "kernel": platform.release(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "user": "root" if os.geteuid() == 0 else "unprivileged",
        },
        "tracks": _tracks_of(experiment),
        "left_out": list(experiment.left_out),
        "steady_state": [one.name for one in experiment.steady_state],
        "variables": dict(experiment.variables),
        "services": [service.name for service in experiment.services],
        "links": [
            {"name": link.name, "listen": link.listen, "upstream": link.upstream}
            for link in experiment.links
        ],
        "document": dict(experiment.document),
    }
    # Checks are rebuilt from the manifest, so they stay as they are; they hold no credentials.
    checks = [{"kind": check.kind, "fields": _fields_of(check)} for check in experiment.checks]
    return {**masked_data(shown), "checks": checks}


def _asked_for(prepared: Prepared) -> str:
    """Return what the run is of: the file, or what a command line named instead of one."""
    command, by_hand = prepared.request.command, prepared.request.by_hand
    return command[2] if command and not by_hand else _shown(prepared.experiment.source)


def _shown(source: str) -> str:
    """Return the file as people know it: from where they are, or by its folder and name."""
    path = Path(source).resolve()
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(Path(path.parent.name, path.name))


def _fields_of(check: Check) -> dict[str, Any]:
    return check.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _tracks_of(experiment: Experiment) -> list[dict[str, Any]]:
    faults = [
        {
            "name": track.name,
            "sort": "fault",
            "kind": track.fault.kind,
            "describe": track.fault.describe(),
            "target": track.target,
            "at": text_of_seconds(track.at_s),
            "for": text_of_seconds(track.for_s),
        }
        for track in experiment.faults
    ]
    loads = [
        {
            "name": track.name,
            "sort": "load",
            "kind": track.load.kind,
            "describe": track.load.describe(),
            "client": track.client.kind,
        }
        for track in experiment.loads
    ]
    probes = [
        {
            "name": track.name,
            "sort": "probe",
            "kind": track.probe.kind,
            "describe": track.probe.describe(),
            "every": text_of_seconds(track.every_s),
        }
        for track in experiment.probes
    ]
    return [*faults, *loads, *probes]
