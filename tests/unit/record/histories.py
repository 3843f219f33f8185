"""Histories for the tests: short ways to write the facts a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.op import Ended, Op

MANIFEST = {"run": "r1", "title": "t", "seed": 7, "command": ["hormesis"], "started_wall": 0.0}
ENDED = {"time": 100.0, "reason": "completed", "detail": "", "dirty": []}


def op(number: int, due: float = 1.0, **given: Any) -> Op:
    took = given.pop("took", 0.01)
    lag = given.pop("lag", 0.0)
    value = given.pop("value", {})
    return Op(
        number=number,
        load=given.get("load", "main"),
        name=given.get("name", "claim"),
        user=given.get("user", number),
        due=due,
        sent=due + lag,
        ended=due + lag + took,
        outcome=given.get("outcome", Ended.OK),
        error=given.get("error", ""),
        value=value,
    )


def fault(
    track: str = "pause", injected: float = 20.0, released: float | None = 30.0
) -> FaultRecord:
    return FaultRecord(
        id=f"{track}-1",
        track=track,
        kind="pause",
        target="server",
        asked=injected - 0.1,
        injected=injected,
        bitten=injected + 0.2,
        released=released,
        healed=None if released is None else released + 0.3,
        proof="process stopped",
        proof_gone="process runs",
        released_by="engine",
    )


def look(time: float, miss: str = "", *, probe: str = "ready", **given: Any) -> ProbeRecord:
    return ProbeRecord(
        probe=probe,
        time=time,
        fields=given.get("fields", {"value": 1 if not miss else 0}),
        reason=given.get("reason", ""),
        miss=miss,
        expected=given.get("expected", True),
        rows=tuple(given.get("rows", ())),
    )


def started(service: str = "server") -> ProcessRecord:
    return ProcessRecord(service, 0.5, "started", pid=11)


def run(
    *,
    ops: Sequence[Op] = (),
    faults: Sequence[FaultRecord] = (),
    probes: Sequence[ProbeRecord] = (),
    **given: Any,
) -> History:
    """A run whose tracks last from 1 s to 90 s and that completed at 100 s."""
    loads = given.get("loads", (LoadRecord("main", 1.0, ended=90.0, users=1, iterations=1),))
    return History(
        manifest=given.get("manifest", MANIFEST),
        ops=tuple(ops),
        faults=tuple(faults),
        probes=tuple(probes),
        processes=given.get("processes", ()),
        loads=loads if ops or "loads" in given else (),
        notes=given.get("notes", ()),
        phases=(Phase("starting", 0.0), Phase("tracks", 1.0), Phase("steady-after", 90.0)),
        end=given.get("end", ENDED),
        problems=given.get("problems", ()),
    )
