"""Selecting containers: from the patterns of a file to the containers that run now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from hormesis.host.docker_api import Engine, NoEngine
from hormesis.host.means.docker import missing
from hormesis.host.steps import drive
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.experiment import Experiment
from hormesis.words.target import Target
from hormesis.words.trouble import InputTrouble, Problem

_PARTS = re.compile(r", (?=(?:name|label|compose):)")
_SERVICE = "com.docker.compose.service"
_PROJECT = "com.docker.compose.project"


@dataclass(frozen=True)
class Running:
    """A container that runs: its full id, its names and its labels."""

    id: str
    names: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the name it goes by; the engine lists names that links give it as well."""
        return min(self.names, key=lambda name: name.count("/")) if self.names else self.id[:12]


def with_containers(experiment: Experiment) -> Experiment:
    """Return *experiment* with every container pattern replaced by the containers it selects.

    A pattern for an engine that does not answer stays as it is, for :func:`engines_missing` to
    tell. Each container counts as a system that the run is attached to, so that no second run
    touches it meanwhile.

    Raises:
        InputTrouble: a pattern selects nothing, and the message says what was there; or fewer
            than a track picks.
    """
    problems: list[Problem] = []
    running: dict[str, Sequence[Running] | None] = {}
    targets: dict[str, tuple[Target, ...]] = {}
    attached: list[str] = []
    for name, members in experiment.targets.items():
        found: list[Target] = []
        for target in members:
            if target.container is None:
                found.append(target)
                continue
            socket = _socket(target)
            if socket not in running:
                running[socket] = _running(socket)
            there = running[socket]
            if there is None:
                found.append(target)
                continue
            chosen = matching(target.container, there)
            attached += [f"container {one.name} ({one.id[:12]})" for one in chosen]
            found += _members(target, chosen)
            if not chosen:
                problems.append(_nothing(name, target.container, there))
        targets[name] = tuple(found)
    problems += _too_few(experiment, targets)
    if problems:
        raise InputTrouble(problems)
    addresses = tuple(dict.fromkeys((*experiment.attached_addresses, *attached)))
    return replace(experiment, targets=targets, attached_addresses=addresses)


def engines_missing(experiment: Experiment) -> dict[str, str]:
    """Return why the means ``docker`` is not there for the engines that the targets name.

    One of them that answers will do: a fault on a container of another is skipped when it is
    played. Nothing is returned where no target is a container.
    """
    targets = (target for members in experiment.targets.values() for target in members)
    sockets = dict.fromkeys(_socket(target) for target in targets if target.container)
    reasons = [missing(socket) for socket in sockets]
    return {"docker": "" if "" in reasons else reasons[0]} if reasons else {}


def matching(pattern: str, running: Sequence[Running]) -> list[Running]:
    """Return the containers that every part of *pattern* fits, by name.

    The parts are ``name:web-*``, ``label:KEY`` or ``label:KEY=VALUE``, and ``compose:SERVICE`` or
    ``compose:PROJECT/SERVICE``, with a comma and a space between them.
    """
    parts = [part.partition(":")[::2] for part in _PARTS.split(pattern)]
    fitting = (one for one in running if all(_fits(one, kind, text) for kind, text in parts))
    return sorted(fitting, key=lambda one: one.name)


def _fits(one: Running, kind: str, text: str) -> bool:
    if kind == "name":
        return any(fnmatchcase(name, text) for name in one.names) or one.id == text
    key, wanted, value = text.partition("=" if kind == "label" else "/")
    if kind == "label":
        return key in one.labels and (not wanted or one.labels[key] == value)
    project, service = (key, value) if wanted else ("", key)
    return one.labels.get(_SERVICE) == service and project in ("", one.labels.get(_PROJECT))


def _running(socket: str) -> Sequence[Running] | None:
    """Return the containers that run, None when no engine answers."""
    try:
        listed = drive(Engine(socket).get("/containers/json"))
    except NoEngine:
        return None
    return [
        Running(
            str(one["Id"]),
            tuple(str(name).lstrip("/") for name in one.get("Names") or ()),
            one.get("Labels") or {},
        )
        for one in listed
    ]


def _members(target: Target, chosen: Sequence[Running]) -> Iterator[Target]:
    for one in chosen:
        name = target.name if len(chosen) == 1 else f"{target.name}/{one.name}"
        yield replace(target, name=name, container=one.name)


def _too_few(
    experiment: Experiment, targets: Mapping[str, Sequence[Target]]
) -> Iterator[Problem]:
    for track in experiment.faults:
        members = [one for one in targets.get(track.target, ()) if one.container]
        if members and isinstance(track.pick, int) and track.pick > len(members):
            path = f"tracks.{track.name}.pick"
            expected = f"expected at most {len(members)}, the containers of {track.target}"
            yield Problem(f"{expected}, found {track.pick}", track.place, path)


def _nothing(name: str, pattern: str, running: Sequence[Running]) -> Problem:
    hint = did_you_mean(
        pattern.partition(":")[2], [one.name for one in running], noun="running containers"
    )
    expected = f"expected a running container that fits {pattern}, found none"
    return Problem(expected, path=f"targets.{name}.container", hint=hint)


def _socket(target: Target) -> str:
    return target.docker or Engine().path
