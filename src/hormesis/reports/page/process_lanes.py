"""Process lanes: when each service was up, and where it started or exited."""

from __future__ import annotations

from typing import Any

from hormesis.reports.parts.wording import moment
from hormesis.words.history import History, ProcessRecord

SERVICES_MAX = 12
MARKS_MAX = 400
_SEEN = frozenset({"started", "attached", "chosen"})


def process_strips(history: History, end: float) -> list[dict[str, Any]]:
    """Return a strip for every service that was seen to start or exit, with its marks."""
    services: dict[str, list[ProcessRecord]] = {}
    for one in sorted(history.processes, key=lambda one: one.time):
        services.setdefault(one.service, []).append(one)
    return [_strip(name, seen, end) for name, seen in list(services.items())[:SERVICES_MAX]]


def _strip(service: str, seen: list[ProcessRecord], end: float) -> dict[str, Any]:
    stretches: list[dict[str, Any]] = []
    up_since: float | None = None if seen[0].change in _SEEN else 0.0
    down_since: float | None = None
    # A slot is chosen anew: when its child ends, nobody is away, for its parent has others.
    is_slot = any(one.change == "chosen" for one in seen)
    for one in seen:
        if one.change in _SEEN:
            if down_since is not None:
                stretches.append(_stretch(down_since, one.time, "down", "not running"))
            up_since, down_since = (one.time if up_since is None else up_since), None
        else:
            if up_since is not None:
                stretches.append(_stretch(up_since, one.time, "up", "running"))
            up_since = None
            if not is_slot:
                down_since = one.time if down_since is None else down_since
    if up_since is not None:
        stretches.append(_stretch(up_since, max(end, up_since), "up", "running"))
    if down_since is not None:
        stretches.append(_stretch(down_since, max(end, down_since), "down", "not running"))
    marks = [_mark(one) for one in seen if one.time > 0][:MARKS_MAX]
    return {"name": service, "sort": "process", "stretches": stretches, "marks": marks}


def _stretch(start: float, end: float, state: str, told: str) -> dict[str, Any]:
    return {"from": round(start, 3), "to": round(end, 3), "state": state, "told": told}


def _mark(one: ProcessRecord) -> dict[str, Any]:
    status = "" if one.status is None else f", status {one.status}"
    why = ("planned" if one.planned else "not planned") if one.change == "exited" else ""
    why = "this run could not start it" if one.failed_start else why
    told = f"{one.change} at {moment(one.time)} (pid {one.pid}{status})"
    state = "exit" if one.change == "exited" and not one.planned else one.change
    return {"at": round(one.time, 3), "state": state, "told": f"{told} {why}".strip()}
