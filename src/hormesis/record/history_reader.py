"""History reader: rebuilds a run from its directory, whole or cut off anywhere.

Only a missing or unreadable manifest is an error. Everything else that cannot be read is left out
and named in ``History.problems``, so that a judge can say what the evidence lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hormesis.record.event_table import EventTable
from hormesis.record.json_lines import UNREADABLE, lines_of
from hormesis.record.metric_file import MetricReader
from hormesis.record.op_reader import LabelTable, op_files, read_ops
from hormesis.record.read_problems import ReadProblems
from hormesis.record.run_directory import RunDirectory, open_run_directory
from hormesis.record.value_table import read_values
from hormesis.words.history import History
from hormesis.words.trouble import InputTrouble


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
    found = {file.path: file.records for file in files}
    found |= {run.labels: labels.count, run.values: values_read, run.metrics: metrics.count}
    _compare(events.recorded, found, run, problems)
    return History(
        manifest=read_manifest(run),
        ops=ops,
        drops=drops,
        metrics=metrics.slices(),
        problems=problems.told(),
        **events.fields(),
    )


def read_manifest(run: RunDirectory) -> dict[str, Any]:
    """Return what was known before the run began.

    Raises:
        InputTrouble: it is unreadable.
    """
    try:
        manifest = json.loads(run.manifest.read_bytes())
    except (OSError, *UNREADABLE) as trouble:
        raise InputTrouble(f"{run.manifest} is unreadable: {trouble}") from trouble
    if not isinstance(manifest, dict):
        raise InputTrouble(f"{run.manifest} holds no mapping")
    return manifest


def _read_events(run: RunDirectory, problems: ReadProblems) -> EventTable:
    events = EventTable()
    for line, place, _ in lines_of(run.history, problems):
        try:
            events.take(line)
        except UNREADABLE:
            problems.add(run.history, f"{place}: unreadable as an event")
    return events


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
