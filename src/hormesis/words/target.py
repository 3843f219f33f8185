"""Targets: a name plus facets. What a fault needs of a target are facets, never a kind of target.

A *service* is a process that the custodian knows by name: one it started, or one it was shown by
pid or listening port. A *link* is a proxied connection between two parts of the system, so that a
fault can shape it. A *volume* is a folder that the run itself mounts, so that a fault can fill it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Facet(str, Enum):
    """What can be known about a target, and hence what can be done to it."""

    PROCESS = "process"
    RESTARTABLE = "restartable"
    CLOCK = "clock"
    """A process that was started with a clock that can be set."""
    LINK = "link"
    ADDRESS = "address"
    NETWORK = "network"
    """Packets of it can be told from others: by address, process, container or namespace."""
    HTTP = "http"
    POSTGRES = "postgres"
    REDIS = "redis"
    PATH = "path"
    VOLUME = "volume"
    FUSE = "fuse"
    """A volume whose single operations can be made slow or fail."""
    CONTAINER = "container"
    HOST = "host"
    """The machine itself."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Which processes a slot may stand for: children of services, looked up at each injection.

    ``of`` are the parents; the search covers all their descendants, but none below one that is
    found. ``matching`` is a piece of a command line, or a pattern for one; empty: any child.
    ``order`` is ``oldest`` or ``newest`` first. ``slot`` counts from 1 to ``count``.
    """

    of: tuple[str, ...]
    matching: str = ""
    order: str = "oldest"
    slot: int = 1
    count: int = 1

    def describe(self) -> str:
        """Return which processes are meant, in words."""
        like = f" like {self.matching!r}" if self.matching else ""
        return f"children of {', '.join(self.of)}{like}, {self.order} first"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a fault can hit; a file's target may select several of these.

    ``name`` is ``target`` or ``target/service`` when the selection has several members.
    ``service`` is the custodian's name of the process; ``restartable`` says that the custodian
    knows how to start it; ``clock`` is the file through which its clock is set. ``link`` is a
    proxy link's name. ``address`` is ``host:port``. ``path`` is a folder, and that of ``volume``
    too; ``fuse`` is the socket for the volume's rules. ``container`` is a container's name, and
    ``docker`` the socket of its engine. ``netns`` is the path of a network namespace. With
    ``descent``, ``service`` is a slot: which process it stands for is found out at each injection.
    """

    name: str
    service: str | None = None
    restartable: bool = False
    clock: str | None = None
    link: str | None = None
    address: str | None = None
    http: str | None = None
    postgres: str | None = None
    redis: str | None = None
    path: str | None = None
    volume: str | None = None
    fuse: str | None = None
    container: str | None = None
    docker: str | None = None
    netns: str | None = None
    host: bool = False
    descent: Descent | None = None

    @property
    def facets(self) -> frozenset[Facet]:
        """Return the facets that this target has."""
        held = {
            Facet.PROCESS: self.service,
            Facet.RESTARTABLE: self.service and self.restartable,
            Facet.CLOCK: self.service and self.clock,
            Facet.LINK: self.link,
            Facet.ADDRESS: self.address,
            Facet.NETWORK: self.address or self.service or self.container or self.netns,
            Facet.HTTP: self.http,
            Facet.POSTGRES: self.postgres,
            Facet.REDIS: self.redis,
            Facet.PATH: self.path,
            Facet.VOLUME: self.volume,
            Facet.FUSE: self.volume and self.fuse,
            Facet.CONTAINER: self.container,
            Facet.HOST: self.host,
        }
        return frozenset(facet for facet, value in held.items() if value)
