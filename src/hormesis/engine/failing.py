"""Failing: whether a run that is about to end passes, while the system is still there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hormesis.words.check import Check
from hormesis.words.history import FaultRecord, History
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome


def why_not_passing(history: History, checks: Sequence[Check], end: Mapping[str, Any]) -> str:
    """Return why the run does not pass as it stands; empty when it does.

    *end* is what its end would say now. Faults that last to the very end count as released: undoing
    them is what comes next.
    """
    time = float(end["time"])
    faults = [_released(one, time) for one in history.faults]
    verdict = judge_run(replace(history, faults=faults, end={**end, "dirty": []}), checks)
    return "" if verdict.outcome is Outcome.PASS else verdict.reason


def _released(one: FaultRecord, time: float) -> FaultRecord:
    if one.injected is None or one.released is not None:
        return one
    return replace(one, released=time, healed=time, released_by="engine")
