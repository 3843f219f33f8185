"""Event table: the lines of ``history.jsonl``, as the fields of a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hormesis.record.history_writer import RECORDED, TIMES
from hormesis.words.history import (
    FaultRecord,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)

_RECORDS: dict[str, Callable[..., Any]] = {
    "fault": FaultRecord,
    "process": ProcessRecord,
    "load": LoadRecord,
    "note": Note,
    "phase": Phase,
}
_LATEST = {"fault": "id", "load": "load"}
"""What a later record must have in common with an earlier one to replace it."""


class EventTable:
    """Takes events one by one."""

    def __init__(self) -> None:
        self.recorded: Mapping[str, Any] = {}
        """How many records each file must hold, by its name; known once the run has ended."""
        self._lists: dict[str, list[Any]] = {
            sort: [] for sort in ("probe", "process", "note", "phase")
        }
        self._latest: dict[str, dict[str, Any]] = {sort: {} for sort in _LATEST}
        self._end: dict[str, Any] | None = None

    def take(self, line: Any) -> None:
        """Take one decoded line.

        Raises:
            ValueError, TypeError, KeyError, AttributeError or OverflowError: it is no event.
        """
        [(sort, data)] = line.items()
        for name in TIMES & data.keys():
            if data[name] is not None and type(data[name]) not in (int, float):
                raise TypeError(name)
        if sort == "end":
            recorded = dict(data.pop(RECORDED, {}))
            self._end, self.recorded = {**data, "time": float(data["time"])}, recorded
        elif sort == "probe":
            rows = tuple(dict(row) for row in data.pop("rows", ()))
            made = ProbeRecord(**{**data, "fields": dict(data["fields"])}, rows=rows)
            self._lists[sort].append(made)
        elif sort in _LATEST:
            key = data[_LATEST[sort]]
            if type(key) is not str:
                raise TypeError(sort)
            self._latest[sort][key] = _RECORDS[sort](**data)
        else:
            self._lists[sort].append(_RECORDS[sort](**data))

    def fields(self) -> dict[str, Any]:
        """Return what was taken so far, by the fields of a history."""
        return {
            "faults": tuple(self._latest["fault"].values()),
            "probes": tuple(self._lists["probe"]),
            "processes": tuple(self._lists["process"]),
            "loads": tuple(self._latest["load"].values()),
            "notes": tuple(self._lists["note"]),
            "phases": tuple(self._lists["phase"]),
            "end": self._end,
        }
