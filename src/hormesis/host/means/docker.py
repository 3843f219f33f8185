"""A container engine at its usual socket."""

from __future__ import annotations

from hormesis.host.docker_api import Engine, EngineTrouble
from hormesis.host.steps import drive

USE = "faults on containers"
REMEDY = "apt-get install docker.io"
_PATIENCE_S = 1.0


def missing(docker: str = "") -> str:
    """Return why no engine can be used, at *docker* or the usual socket; empty when one can."""
    try:
        drive((Engine(docker) if docker else Engine()).get("/_ping", timeout_s=_PATIENCE_S))
    except EngineTrouble as error:
        return str(error)
    return ""
