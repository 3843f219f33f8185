"""Restart experiment: one service is stopped and has to be back, as an experiment's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hormesis.compose.option_seconds import option_seconds
from hormesis.host.http_origin import Origin
from hormesis.words.trouble import UsageTrouble

_TARGET = "service"
_FAULT = "stopped"
_PROBE = "back"
_KILLED_S = 1.0
"""How long a kill that somebody else mends counts as the fault."""
_ADVICE = (
    "It ended, and nothing listened or answered in its place: does anybody start it again? If not, "
    "give the command that does behind `--`. If so, look at its log from its last start on for "
    "what it waits for."
)


@dataclass(frozen=True)
class Restarted:
    """What is restarted, as a command line says it. ``start`` is the command that starts it."""

    pid: int | None
    port: int | None
    container: str
    start: tuple[str, ...]
    delay: str
    within: str
    health: str = ""

    @property
    def told(self) -> str:
        """What is restarted, in words."""
        if self.container:
            return f"container {self.container}"
        return f"process {self.pid}" if self.pid else f"what listens on port {self.port}"


def restart_document(what: Restarted) -> dict[str, Any]:
    """Return the experiment.

    With a command to start it, or as a container, it stays down for ``delay`` and is started
    again. Otherwise it is killed, and its own supervisor has to bring it back.

    Raises:
        UsageTrouble: not exactly one thing is named, nothing would tell that it is back, or a time
            or URL is none.
    """
    given = [name for name in ("pid", "port", "container") if getattr(what, name)]
    if len(given) != 1:
        told = " and ".join(f"--{name}" for name in given) or "none of them"
        raise UsageTrouble(f"expected one of --pid, --port and --container, found {told}")
    if what.container and what.start:
        raise UsageTrouble("a container is started by its engine", hint="leave the command out")
    delay_s = option_seconds("--delay", what.delay)
    within_s = option_seconds("--within", what.within)
    target: dict[str, Any] = {given[0]: getattr(what, given[0])}
    fault: dict[str, Any] = {"name": _FAULT, "target": _TARGET, "at": "1s", "for": f"{delay_s:g}s"}
    if what.container:
        fault["fault"] = "container-stop"
    elif what.start:
        target["start"] = list(what.start)
        fault["fault"] = "stop"
    else:
        delay_s = _KILLED_S
        fault |= {"fault": "kill", "back": False, "for": f"{delay_s:g}s"}
    probe = _probe(what)
    document: dict[str, Any] = {
        "id": "restart-service",
        "title": f"{what.told.capitalize()} is back after it was stopped",
        "targets": {_TARGET: target},
        "tracks": [fault],
        "limits": {"heal_within": f"{within_s:g}s"},
    }
    if probe:
        document["tracks"].append({**probe, "name": _PROBE, "every": "500ms"})
        document["steady_state"] = [{**probe, "name": _PROBE, "within": "5s"}]
        document["end_when"] = [
            {**probe, "name": "it is back", "every": "500ms", "for": "1s",
             "not_before": f"{delay_s + 1.5:g}s", "settle": "1s"}
        ]  # fmt: skip
        document["limits"]["settle"] = f"{within_s + 2:g}s"
        document["checks"] = [
            {"name": _PROBE, "recovers": _FAULT, "of": _PROBE, "within": f"{within_s:g}s",
             "steady": "1s", "advice": _ADVICE}
        ]  # fmt: skip
    return document


def _probe(what: Restarted) -> dict[str, Any]:
    if what.health:
        try:
            Origin.and_target(what.health)
        except ValueError as error:
            raise UsageTrouble(f"--health: {error}") from None
        return {"probe": "http", "get": what.health, "expect": {"status": 200}}
    if what.port:
        return {"probe": "tcp", "address": f"127.0.0.1:{what.port}", "expect": "open"}
    if what.pid and what.start:
        return {"probe": "process", "service": _TARGET, "expect": "running"}
    if what.pid:
        raise UsageTrouble(
            "a process that something else starts again gets another id",
            hint="give its --port, a --health URL, or behind -- the command that starts it",
        )
    return {}
