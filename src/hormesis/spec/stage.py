"""The stage: the processes, links, volumes and targets that an experiment is played on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.processes import Processes, read_processes
from hormesis.spec.system import SystemSection
from hormesis.spec.targets import Targets, read_links
from hormesis.spec.variables import Variables
from hormesis.spec.volumes import read_volumes
from hormesis.words.experiment import Link, Service, Volume
from hormesis.words.target import Target


@dataclass(frozen=True)
class Stage:
    """What there is before anything happens; ``attached`` are services that run already.

    ``absent`` tells, by target, why it is not there although the file declares it.
    """

    processes: Processes
    links: tuple[Link, ...]
    volumes: tuple[Volume, ...]
    targets: Mapping[str, tuple[Target, ...]]
    attached: tuple[Service, ...]
    attached_addresses: tuple[str, ...]
    absent: Mapping[str, str]


def read_stage(
    included: Included, system: SystemSection, variables: Variables, forms: Forms
) -> Stage:
    """Return what *system* describes, with the targets of the experiment's own files."""
    processes = read_processes(system.part("processes"), variables, forms)
    links = read_links(system.part("links"), variables, forms)
    volumes = read_volumes(system.part("volumes"), variables, forms)
    reader = Targets(processes, links, volumes, variables, forms)
    targets = reader.read(system.part("targets"), *included.each("targets"))
    return Stage(
        processes,
        links,
        volumes,
        targets,
        tuple(reader.attached),
        reader.attached_addresses(),
        reader.absent,
    )
