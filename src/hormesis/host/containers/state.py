"""How a container fares: what matters of the engine's own account of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.host.docker_api import PATIENCE_S, Engine, EngineTrouble, container_path
from hormesis.host.steps import Steps, Wait

_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One look at one container.

    ``id`` is the full id and ``started_at`` the moment of its last start, as the engine writes it:
    the two together are one life of one container. ``pid`` is its main process, in the engine's
    own process namespace, 0 when it does not run. ``account`` is all that the engine said.
    """

    id: str
    name: str
    status: str
    started_at: str
    pid: int
    account: Mapping[str, Any]

    @classmethod
    def from_account(cls, account: Mapping[str, Any]) -> ContainerState:
        """Return the state that an answer to ``/containers/ID/json`` describes."""
        state = account.get("State") or {}
        return cls(
            id=str(account.get("Id", "")),
            name=str(account.get("Name", "")).lstrip("/"),
            status=str(state.get("Status", "")),
            started_at=str(state.get("StartedAt", "")),
            pid=int(state.get("Pid") or 0),
            account=account,
        )

    @property
    def runs(self) -> bool:
        """Whether it has a main process; one that is paused has."""
        return bool((self.account.get("State") or {}).get("Running"))

    @property
    def paused(self) -> bool:
        """Whether the engine has frozen it."""
        return bool((self.account.get("State") or {}).get("Paused"))

    @property
    def host_config(self) -> Mapping[str, Any]:
        """The part of the account that says what it was made with."""
        config: Mapping[str, Any] = self.account.get("HostConfig") or {}
        return config


def inspect(
    engine: Engine, container: str, *, timeout_s: float = PATIENCE_S
) -> Steps[ContainerState | None]:
    """Return how *container* (an id or a name) fares, or None when there is none.

    Raises:
        EngineTrouble: the engine does not say.
    """
    try:
        account = yield from engine.get(container_path(container, "json"), timeout_s=timeout_s)
    except EngineTrouble as error:
        if error.status == 404:
            return None
        raise
    return ContainerState.from_account(account or {})


def awaited(
    engine: Engine, container: str, until: float, met: Callable[[ContainerState], bool]
) -> Steps[ContainerState | None]:
    """Look again and again until *met* or the moment *until*, and return what was seen last.

    ``until`` counts seconds of CLOCK_MONOTONIC. A container that is gone ends the wait.
    """
    while True:
        state = yield from inspect(engine, container)
        if state is None or met(state) or time.monotonic() >= until:
            return state
        yield Wait(time.monotonic() + _LOOK_S)


def under_way(
    engine: Engine, facts: Mapping[str, Any], within_s: float,
    met: Callable[[ContainerState], bool],
) -> Steps[ContainerState | None]:  # fmt: skip
    """Let a request that a crash cut off take effect, and return how the container stands then.

    The engine carries out what it was sent whether anybody hears of it or not; *within_s* seconds
    after it was asked nothing more can be under way.
    """
    asked = float(facts["asked"])
    now = time.monotonic()
    # A moment in the future is one of an earlier boot.
    until = asked + within_s if asked <= now else now
    return (yield from awaited(engine, facts["id"], until, met))
