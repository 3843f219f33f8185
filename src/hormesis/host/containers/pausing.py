"""Freezing all processes of a container; undo lets them go on."""

from __future__ import annotations

from typing import Any

from hormesis.host.containers.state import ContainerState, under_way
from hormesis.host.docker_api import Engine, EngineTrouble, container_path
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone
from hormesis.words.verb import Undone

_PAUSE_S = 1.0


def capture(engine: Engine, state: ContainerState, args: Args) -> Facts:
    """Check that it is not paused already, for then it would not be ours to release."""
    if state.paused:
        raise NothingDone(f"container {state.name!r} is paused already")
    return {}


def perform(engine: Engine, args: Args, facts: Facts) -> Steps[Facts]:
    """Freeze it."""
    yield from engine.post(container_path(facts["id"], "pause"))
    return {"paused": True}


def undo(engine: Engine, state: ContainerState, args: Args, facts: Facts) -> Steps[Undone]:
    """Let it go on, if it is still the life that was paused."""
    if state.started_at != facts["started_at"]:
        return Undone.NOT_MINE if state.paused else Undone.GONE
    if "paused" not in facts:
        seen = yield from under_way(engine, facts, _PAUSE_S, lambda seen: seen.paused)
        state = seen or state
    if not state.paused:
        return Undone.GONE
    try:
        yield from engine.post(container_path(facts["id"], "unpause"))
    except EngineTrouble as error:
        if error.status not in (404, 409) and "not paused" not in str(error):
            raise
    return Undone.DONE


def read(engine: Engine, state: ContainerState, facts: Facts) -> dict[str, Any]:
    """Return whether it is paused."""
    return {"paused": state.paused}
