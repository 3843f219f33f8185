"""Targets: a name plus facets. What a fault needs of a target are facets, never a kind of target.

A *service* is a process that the custodian knows by name: one it started, or one it was shown by
pid or listening port. A *link* is a proxied connection between two parts of the system, so that a
fault can shape it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Facet(str, Enum):
    """What can be known about a target, and hence what can be done to it."""

    PROCESS = "process"
    RESTARTABLE = "restartable"
    LINK = "link"
    ADDRESS = "address"
    HTTP = "http"
    POSTGRES = "postgres"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a fault can hit; a file's target may select several of these.

    ``name`` is ``target`` or ``target/service`` when the selection has several members.
    ``service`` is the custodian's name of the process; ``restartable`` says that the custodian
    knows how to start it. ``link`` is a proxy link's name. ``address`` is ``host:port``.
    """

    name: str
    service: str | None = None
    restartable: bool = False
    link: str | None = None
    address: str | None = None
    http: str | None = None
    postgres: str | None = None
    redis: str | None = None

    @property
    def facets(self) -> frozenset[Facet]:
        """Return the facets that this target has."""
        held = {
            Facet.PROCESS: self.service,
            Facet.RESTARTABLE: self.service and self.restartable,
            Facet.LINK: self.link,
            Facet.ADDRESS: self.address,
            Facet.HTTP: self.http,
            Facet.POSTGRES: self.postgres,
            Facet.REDIS: self.redis,
        }
        return frozenset(facet for facet, value in held.items() if value)
