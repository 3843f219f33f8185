"""History reader: rebuilds a run from its directory, whole or cut off anywhere.

Only a missing or unreadable manifest is an error. Everything else that cannot be read is left out
and named in ``History.problems``, so that a judge can say what the evidence lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hormesis.record.history_writer import OUTCOMES, TIMES
from hormesis.record.run_directory import RunDirectory, open_run_directory
from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.op import Op
from hormesis.words.trouble import InputTrouble

_PROBLEMS_MAX = 20
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, RecursionError)
_OUTCOMES = dict(enumerate(OUTCOMES))
_RECORDS: dict[str, Callable[..., Any]] = {
    "fault": FaultRecord,
    "process": ProcessRecord,
    "load": LoadRecord,
    "note": Note,
    "phase": Phase,
}


def read_history(directory: Path) -> History:
    """Return the history in the run directory *directory* (or in the ``latest`` run inside it).

    Raises:
        InputTrouble: *directory* holds no run.
    """
    run = open_run_directory(directory)
    problems = _Problems()
    ops = _read_ops(run, problems)
    events = _read_events(run, problems)
    ends = events["end"]
    said = ends[-1].pop("ops", len(ops)) if ends else len(ops)
    if said != len(ops) and not problems.of(run.ops):
        problems.add(run.ops, f" holds {len(ops)} of {said} operations")
    return History(
        manifest=_read_manifest(run),
        ops=ops,
        faults=tuple({record.id: record for record in events["fault"]}.values()),
        probes=tuple(events["probe"]),
        processes=tuple(events["process"]),
        loads=tuple({record.load: record for record in events["load"]}.values()),
        notes=tuple(events["note"]),
        phases=tuple(events["phase"]),
        end=ends[-1] if ends else None,
        problems=problems.told(),
    )


class _Problems:
    """What was unreadable, a bounded number of sentences per file."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def add(self, file: Path, text: str) -> None:
        count = self._counts[file.name] = self._counts.get(file.name, 0) + 1
        if count <= _PROBLEMS_MAX:
            self._told.append(f"{file.name}{text}")
        else:
            self._more[file.name] = self._more.get(file.name, 0) + 1

    def of(self, file: Path) -> int:
        return self._counts.get(file.name, 0)

    def told(self) -> tuple[str, ...]:
        more = (f"{name}: and {count} more lines" for name, count in self._more.items())
        return (*self._told, *more)


def _read_manifest(run: RunDirectory) -> dict[str, Any]:
    try:
        manifest = json.loads(run.manifest.read_bytes())
    except (OSError, *_UNREADABLE) as trouble:
        raise InputTrouble(f"{run.manifest} is unreadable: {trouble}") from trouble
    if not isinstance(manifest, dict):
        raise InputTrouble(f"{run.manifest} holds no mapping")
    return manifest


def _lines(path: Path, problems: _Problems) -> Iterator[tuple[Any, str]]:
    """Yield (decoded line, place in the file) of every line that is JSON."""
    try:
        file = path.open("rb")
    except OSError as trouble:
        problems.add(path, f" is missing: {trouble.strerror}")
        return
    # Line by line: a long run's file is larger than everything that is kept of it.
    with file:
        for number, line in enumerate(file, 1):
            if line == b"\n":
                continue
            try:
                yield json.loads(line), f":{number}"
            except _UNREADABLE:
                cut = not line.endswith(b"\n")
                problems.add(path, f":{number}: {'cut off' if cut else 'unreadable'}")


def _read_ops(run: RunDirectory, problems: _Problems) -> list[Op]:
    ops: list[Op] = []
    texts: dict[int, str] = {}
    for line, place in _lines(run.ops, problems):
        try:
            if isinstance(line, dict):
                texts.update((int(index), str(text)) for index, text in line.items())
            else:
                ops.append(_op_of(line, texts))
        except _UNREADABLE:
            problems.add(run.ops, f"{place}: unreadable as an operation")
    return ops


def _op_of(line: list[Any], texts: dict[int, str]) -> Op:
    number, load, name, user, due, sent, ended, outcome, *rest = line
    return Op(
        number=_whole(number),
        load=texts[load],
        name=texts[name],
        user=_whole(user),
        due=_whole(due) / 1e6,
        sent=_whole(sent) / 1e6,
        ended=_whole(ended) / 1e6,
        outcome=_OUTCOMES[_whole(outcome)],
        error=texts[rest[0]] if rest else "",
        value=dict(rest[1]) if len(rest) > 1 else {},
    )


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _read_events(run: RunDirectory, problems: _Problems) -> dict[str, list[Any]]:
    events: dict[str, list[Any]] = {sort: [] for sort in (*_RECORDS, "probe", "end")}
    for line, place in _lines(run.history, problems):
        try:
            [(sort, data)] = line.items()
            events[sort].append(_event_of(sort, data))
        except (*_UNREADABLE, AttributeError):
            problems.add(run.history, f"{place}: unreadable as an event")
    return events


def _event_of(sort: str, data: dict[str, Any]) -> Any:
    for name in TIMES & data.keys():
        if data[name] is not None and type(data[name]) not in (int, float):
            raise TypeError(name)
    if sort == "end":
        return {**data, "time": float(data["time"])}
    if sort == "probe":
        rows = tuple(dict(row) for row in data.pop("rows", ()))
        return ProbeRecord(**{**data, "fields": dict(data["fields"])}, rows=rows)
    return _RECORDS[sort](**data)
