"""Attached: whether the processes that a target file finds running are as it says.

Only ``/proc`` is read: nothing is asked of a process, and nothing is done to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hormesis.compose.lack import Lack
from hormesis.host.descent import children_of
from hormesis.host.listeners import listener_of
from hormesis.host.process import Identity
from hormesis.host.tree import tree
from hormesis.words.experiment import Experiment, Service


def attached_pids(experiment: Experiment, known: dict[int, int | None]) -> dict[str, int]:
    """Return the pid of each target that is found by ``pid`` or ``port``, where one is there.

    *known* are listeners by port that were looked up before; new ones are added.
    """
    found: dict[str, int] = {}
    for service in experiment.services:
        if service.attached and (pid := _pid_of(service, known)):
            found[service.name] = pid
    return found


def same_processes(experiment: Experiment) -> Iterator[Lack]:
    """Yield the targets that have one ``port`` or ``pid``: a run attaches each process once."""
    attached = [one for one in experiment.services if one.attached]
    yield from _alike({one.name: _address(one) for one in attached})


def shared_processes(experiment: Experiment, pids: Mapping[str, int]) -> Iterator[Lack]:
    """Yield the targets that turn out to be one process, although they are told apart."""
    addresses = {one.name: _address(one) for one in experiment.services}
    apart = {
        name: f"process {pid}"
        for name, pid in pids.items()
        if len({addresses[other] for other, its in pids.items() if its == pid}) > 1
    }
    yield from _alike(apart)


def _address(service: Service) -> str:
    return f"pid {service.pid}" if service.pid else f"port {service.port}"


def _alike(processes: Mapping[str, str]) -> Iterator[Lack]:
    names: dict[str, list[str]] = {}
    for name, process in processes.items():
        names.setdefault(process, []).append(name)
    for process, same in names.items():
        if len(same) > 1:
            told = ", ".join(same[:-1]) + f" and {same[-1]}"
            yield Lack(
                f"a process of its own for each of the targets {told}, which are one: {process}",
                f"give `port` or `pid` to one of them alone, such as {same[0]}",
            )


def missing_children(experiment: Experiment, pids: Mapping[str, int]) -> Iterator[Lack]:
    """Yield targets of `children` that faults hit, although no child of theirs lives."""
    for name, (_, found) in _children(experiment, pids).items():
        if not found:
            descent = experiment.targets[name][0].descent
            told = descent.describe() if descent else "children"
            yield Lack(
                f"the target {name}: none of the {told} lives now",
                "`matching` is a piece of the command line of each child",
            )


def fewer_children(experiment: Experiment, pids: Mapping[str, int]) -> Iterator[Lack]:
    """Yield targets of `children` of whom fewer live than they have slots."""
    for name, (count, found) in _children(experiment, pids).items():
        if 0 < found < count:
            yield Lack(f"the target {name} has {count} slots, and {found} children live now")


def _pid_of(service: Service, known: dict[int, int | None]) -> int | None:
    if service.pid:
        return service.pid
    if service.port not in known:
        known[service.port] = listener_of(service.port)
    return known[service.port]


def _children(experiment: Experiment, pids: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return, by the target, its number of slots and of children that live.

    Left out is what no fault hits, and what has a parent that the run starts.
    """
    told: dict[str, tuple[int, int]] = {}
    for name in dict.fromkeys(track.target for track in experiment.faults):
        members = experiment.targets.get(name, ())
        descent = members[0].descent if members else None
        if descent is not None and all(one in pids for one in descent.of):
            families = [tree(Identity.of(pids[one])) for one in descent.of]
            told[name] = (descent.count, len(children_of(families, descent.matching)))
    return told
