"""``container``: do something to a container through its engine; undo puts it back.

Actions are ``kill``, ``stop``, ``pause``, ``disconnect`` and ``update``. A container is known by
its full id together with the moment of its last start: one that was made anew under the same name,
or started by somebody else meanwhile, is not ours to put right.
"""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any

from hormesis.host.containers import disconnecting, ending, limiting, pausing
from hormesis.host.containers.state import inspect
from hormesis.host.docker_api import Engine, EngineTrouble, NoEngine
from hormesis.host.steps import Steps, drive
from hormesis.host.verb_protocol import Args, Facts, Missing, NothingDone, Scene, VerbFailed
from hormesis.words.verb import Undone

survives_reboot = True
_READ_S = 1.0
_ACTIONS: dict[str, ModuleType] = {
    "kill": ending, "stop": ending, "pause": pausing, "disconnect": disconnecting,
    "update": limiting,
}  # fmt: skip


def capture(scene: Scene, args: Args) -> Facts:
    """Read who the container is and how it stands."""
    container = str(args.get("container") or "")
    if not container or not args.get("subject"):
        raise NothingDone("the verb container needs subject and container")
    action = _action(args)
    engine = _engine(args)
    try:
        state = drive(inspect(engine, container))
        if state is None:
            raise NothingDone(f"there is no container {container!r} at {engine.path}")
        if not state.runs:
            raise NothingDone(f"container {state.name!r} is not running ({state.status})")
        found: Facts = action.capture(engine, state, args)
    except NoEngine as error:
        raise Missing(str(error)) from error
    except EngineTrouble as error:
        raise NothingDone(f"container {container!r}: {error}") from error
    return {"id": state.id, "name": state.name, "started_at": state.started_at, **found}


def perform(scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
    """Ask the engine to do it."""
    # From here on the engine may do it even though nobody hears that it has.
    scene.note({"asked": time.monotonic()})
    try:
        found: Facts = yield from _action(args).perform(_engine(args), args, facts)
    except EngineTrouble as error:
        raise VerbFailed(f"container {facts['name']!r}: {error}") from error
    return found


def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
    """Put it back, if it is still the same container and nobody has changed it meanwhile."""
    if "asked" not in facts:
        return Undone.GONE
    engine = _engine(args)
    try:
        state = yield from inspect(engine, facts["id"])
        if state is None:
            return Undone.GONE
        undone: Undone = yield from _action(args).undo(engine, state, args, facts)
    except EngineTrouble as error:
        raise VerbFailed(f"container {facts['name']!r}: {error}") from error
    return undone


def read(scene: Scene, args: Args, facts: Facts) -> Facts:
    """Return how the container stands, and how it stood before."""
    if "id" not in facts:
        return {}
    engine = _engine(args)
    reading: dict[str, Any] = {"name": facts["name"], "started_before": facts["started_at"]}
    try:
        state = drive(inspect(engine, facts["id"], timeout_s=_READ_S))
    except EngineTrouble:
        return reading
    if state is None:
        return {**reading, "status": "removed"}
    reading |= {"status": state.status, "started_at": state.started_at}
    more: dict[str, Any] = _action(args).read(engine, state, facts)
    return reading | more


def _engine(args: Args) -> Engine:
    return Engine(str(args["docker"])) if args.get("docker") else Engine()


def _action(args: Args) -> ModuleType:
    name = str(args.get("action") or "")
    if name not in _ACTIONS:
        known = ", ".join(_ACTIONS)
        raise NothingDone(f"there is no action {name!r} on containers; there are {known}")
    return _ACTIONS[name]
