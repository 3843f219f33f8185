"""Ending a container, by a signal or the polite way; undo starts it again.

An end that was asked for through the engine is final to it: its restart policy does not apply, so
the container stays down until it is started.
"""

from __future__ import annotations

import time
from typing import Any

from hormesis.host.containers.state import ContainerState, awaited, under_way
from hormesis.host.docker_api import Engine, EngineTrouble, container_path
from hormesis.host.process import signal_number
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone
from hormesis.words.verb import Undone

_DEATH_S = 1.0
_MARGIN_S = 10.0


def capture(engine: Engine, state: ContainerState, args: Args) -> Facts:
    """Check that what is ended can be started again."""
    signal = str(args.get("signal") or "")
    if signal:
        try:
            signal_number(signal)
        except ValueError as error:
            raise NothingDone(str(error)) from None
    if state.host_config.get("AutoRemove"):
        raise NothingDone(
            f"the engine removes container {state.name!r} when it ends (--rm),"
            " so it could not be started again"
        )
    return {}


def perform(engine: Engine, args: Args, facts: Facts) -> Steps[Facts]:
    """End it and wait until it has ended; a signal that it survives is not waited for long."""
    yield from _end(engine, args, facts)
    until = time.monotonic() + _DEATH_S
    state = yield from awaited(engine, facts["id"], until, lambda seen: _over(seen, facts))
    ended = state is None or not state.runs
    code = (state.account.get("State") or {}).get("ExitCode") if state and ended else None
    return {"ended": ended, "exit_code": code}


def undo(engine: Engine, state: ContainerState, args: Args, facts: Facts) -> Steps[Undone]:
    """Start it, unless it runs; one that somebody started meanwhile is not ours any more."""
    same_life = state.started_at == facts["started_at"]
    if state.runs and same_life and "ended" not in facts:
        within_s = _DEATH_S + float(args.get("grace_s") or 0.0)
        seen = yield from under_way(engine, facts, within_s, lambda seen: _over(seen, facts))
        state = seen or state
    if state.runs:
        return Undone.GONE
    if state.started_at != facts["started_at"]:
        return Undone.NOT_MINE
    yield from engine.post(container_path(facts["id"], "start"), timeout_s=30.0)
    return Undone.DONE


def read(engine: Engine, state: ContainerState, facts: Facts) -> dict[str, Any]:
    """Return how its last life ended."""
    code = (state.account.get("State") or {}).get("ExitCode")
    return {"exit_code": facts.get("exit_code") if state.runs else code}


def _end(engine: Engine, args: Args, facts: Facts) -> Steps[None]:
    path, signal = facts["id"], str(args.get("signal") or "KILL")
    try:
        if args.get("action") == "kill":
            yield from engine.post(container_path(path, "kill"), signal=f"SIG{signal}")
            return
        grace_s = float(args.get("grace_s") or 0.0)
        yield from engine.post(
            container_path(path, "stop"), t=max(round(grace_s), 0), timeout_s=grace_s + _MARGIN_S
        )
    except EngineTrouble as error:
        if error.status not in (304, 404, 409):
            raise
        # It has ended by itself just now.


def _over(state: ContainerState, facts: Facts) -> bool:
    return not state.runs or state.started_at != facts["started_at"]
