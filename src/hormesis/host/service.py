"""One service: a process that the custodian knows by name, and how to start and stop it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hormesis.host.listeners import listener_of
from hormesis.host.process import MARK, Identity
from hormesis.host.tree import tree

BACKOFF_S = 1.0
BACKOFF_S_MAX = 5.0
STEADY_S = 10.0
"""A service that ran this long has recovered: its next unplanned restart waits least again."""


@dataclass(slots=True)
class Service:
    """A named process, its recipe, and the supervision's state.

    ``effect`` is the id of the effect that started it; empty for one that was adopted, which is
    not part of the run and is left as it was found. ``expected`` says that its next exit was
    caused by this run. ``process`` stays known after its end, which ``told_end`` marks as reported,
    because its session may outlive it; ``status`` is how it ended, None for a stranger.
    ``restart_at`` and ``since`` are seconds of CLOCK_MONOTONIC. A ``slot`` is a child of another
    service, as a stand-in that a fault has chosen. ``starting`` says that its last start by this
    run is still being watched, or was given up.
    """

    name: str
    run: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = ""
    log: str = "/dev/null"
    restart: bool = False
    stop_signal: str = "TERM"
    grace_s: float = 10.0
    port: int = 0
    effect: str = ""
    process: Identity | None = None
    told_end: bool = False
    status: int | None = None
    generation: int = 0
    wanted: bool = True
    expected: bool = False
    failures: int = 0
    restart_at: float | None = None
    since: float = 0.0
    slot: bool = False
    starting: bool = False

    @property
    def owned(self) -> bool:
        """Whether this run started it."""
        return bool(self.effect)

    @property
    def startable(self) -> bool:
        """Whether it is known how to start it."""
        return bool(self.run)

    @property
    def state(self) -> str:
        """``running``, ``stopped`` (held by a stop signal) or ``gone``."""
        stat = self.process.stat() if self.process else None
        if stat is None:
            return "gone"
        return "stopped" if stat.stopped else "running"

    def find_again(self) -> bool:
        """Look for a successor of an adopted service on its port; return whether there is one."""
        if self.owned or not self.port or self.state != "gone":
            return False
        pid = listener_of(self.port)
        self.process = Identity.of(pid) if pid else None
        if self.process is None:
            return False
        self.generation += 1
        self.told_end = self.expected = False
        return True

    def members(self, run: str) -> list[Identity]:
        """Return the processes that make up the service now, the main one first."""
        mark = f"{run}/{self.effect}" if self.owned else ""
        return tree(self.process, session=self.owned, mark=mark)

    def environment(self, run: str, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the environment to start it with; an owned one bears the ownership mark."""
        environment = {**inherited, **self.env}
        environment.pop(MARK, None)
        if self.owned:
            environment[MARK] = f"{run}/{self.effect}"
        return environment

    def recipe(self) -> dict[str, Any]:
        """Return plain data from which :meth:`from_recipe` can start the service again."""
        return {
            "name": self.name, "run": self.run, "env": self.env, "cwd": self.cwd,
            "log": self.log, "restart": self.restart, "stop_signal": self.stop_signal,
            "grace_s": self.grace_s, "port": self.port, "effect": self.effect,
        }  # fmt: skip

    @classmethod
    def from_recipe(cls, data: Mapping[str, Any]) -> Service:
        """Build a service from :meth:`recipe`'s data or from a request's arguments."""
        return cls(
            name=str(data.get("name") or data.get("subject", "")),
            run=[str(word) for word in data.get("run") or ()],
            env={str(key): str(value) for key, value in (data.get("env") or {}).items()},
            cwd=str(data.get("cwd") or ""),
            log=str(data.get("log") or "/dev/null"),
            restart=bool(data.get("restart", False)),
            stop_signal=str(data.get("stop_signal") or "TERM"),
            grace_s=float(data.get("grace_s", 10.0)),
            port=int(data.get("port") or 0),
            effect=str(data.get("effect") or ""),
        )
