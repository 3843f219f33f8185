"""History reader: rebuilds a run from its directory, whole or cut off anywhere.

Only a missing or unreadable manifest is an error. Everything else that cannot be read is left out
and named in ``History.problems``, so that a judge can say what the evidence lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hormesis.record.history_writer import RECORDED, TIMES
from hormesis.record.json_lines import UNREADABLE, lines_of
from hormesis.record.metric_file import MetricReader
from hormesis.record.op_reader import LabelTable, op_files, read_ops
from hormesis.record.read_problems import ReadProblems
from hormesis.record.run_directory import RunDirectory, open_run_directory
from hormesis.record.value_table import read_values
from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.trouble import InputTrouble

_RECORDS: dict[str, Callable[..., Any]] = {
    "fault": FaultRecord,
    "process": ProcessRecord,
    "load": LoadRecord,
    "note": Note,
    "phase": Phase,
}
_LATEST = {"fault": "id", "load": "load"}
"""What a later record must have in common with an earlier one to replace it."""


def read_history(directory: Path) -> History:
    """Return the history in the run directory *directory* (or in the ``latest`` run inside it).

    Raises:
        InputTrouble: *directory* holds no run.
    """
    run = open_run_directory(directory)
    problems = ReadProblems()
    events = _read_events(run, problems)
    # In this order, because the run may go on: what an operation needs is there before it is.
    files = op_files(run, problems)
    labels = LabelTable()
    labels.read(run.labels, problems)
    values, values_read = read_values(run.values, problems)
    metrics = _read_metrics(run, problems)
    ops, drops = read_ops(files, labels, values, problems)
    ends = events["end"]
    found = {file.path: file.records for file in files}
    found |= {run.labels: labels.count, run.values: values_read, run.metrics: metrics.count}
    if ends:
        _compare(ends[-1].pop(RECORDED, {}), found, run, problems)
    return History(
        manifest=_read_manifest(run),
        ops=ops,
        drops=drops,
        metrics=metrics.slices(),
        faults=tuple({record.id: record for record in events["fault"]}.values()),
        probes=tuple(events["probe"]),
        processes=tuple(events["process"]),
        loads=tuple({record.load: record for record in events["load"]}.values()),
        notes=tuple(events["note"]),
        phases=tuple(events["phase"]),
        end=ends[-1] if ends else None,
        problems=problems.told(),
    )


def _read_manifest(run: RunDirectory) -> dict[str, Any]:
    try:
        manifest = json.loads(run.manifest.read_bytes())
    except (OSError, *UNREADABLE) as trouble:
        raise InputTrouble(f"{run.manifest} is unreadable: {trouble}") from trouble
    if not isinstance(manifest, dict):
        raise InputTrouble(f"{run.manifest} holds no mapping")
    return manifest


def _read_events(run: RunDirectory, problems: ReadProblems) -> dict[str, list[Any]]:
    events: dict[str, list[Any]] = {sort: [] for sort in (*_RECORDS, "probe", "end")}
    for line, place, _ in lines_of(run.history, problems):
        try:
            [(sort, data)] = line.items()
            events[sort].append(_event_of(sort, data))
        except UNREADABLE:
            problems.add(run.history, f"{place}: unreadable as an event")
    return events


def _event_of(sort: str, data: dict[str, Any]) -> Any:
    for name in TIMES & data.keys():
        if data[name] is not None and type(data[name]) not in (int, float):
            raise TypeError(name)
    if sort == "end":
        return {**data, "time": float(data["time"]), RECORDED: dict(data.get(RECORDED, {}))}
    if sort == "probe":
        rows = tuple(dict(row) for row in data.pop("rows", ()))
        return ProbeRecord(**{**data, "fields": dict(data["fields"])}, rows=rows)
    if sort in _LATEST and type(data[_LATEST[sort]]) is not str:
        raise TypeError(sort)
    return _RECORDS[sort](**data)


def _read_metrics(run: RunDirectory, problems: ReadProblems) -> MetricReader:
    metrics = MetricReader()
    for line, place, _ in lines_of(run.metrics, problems):
        try:
            metrics.read(line)
        except UNREADABLE:
            problems.add(run.metrics, f"{place}: unreadable as a metric")
    return metrics


def _compare(
    said: Mapping[str, Any], found: Mapping[Path, int], run: RunDirectory, problems: ReadProblems
) -> None:
    """Tell of every file that holds another number of records than the end says."""
    read = {path.name: count for path, count in found.items()}
    for name, count in said.items():
        path = run.path / name
        if read.get(name, 0) != count and not problems.count(path):
            problems.add(path, f" holds {read.get(name, 0)} of {count} records")
