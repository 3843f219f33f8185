"""History tail: the history of a run that goes on; each look reads only what was appended.

Guards judge every second, several of them in threads of their own. Reading the whole record each
time would take longer and longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from hormesis.record.event_table import EventTable
from hormesis.record.history_reader import read_manifest
from hormesis.record.json_lines import UNREADABLE, LineTail
from hormesis.record.metric_file import MetricReader
from hormesis.record.metric_table import MetricTable
from hormesis.record.op_reader import LabelTable, op_files
from hormesis.record.op_tail import OpTail
from hormesis.record.read_problems import ReadProblems
from hormesis.record.run_directory import RunDirectory, open_run_directory
from hormesis.record.value_table import ValueGatherer, ValueTable
from hormesis.words.history import History


class HistoryTail:
    """Reads one run's directory again and again; several threads may."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = Lock()
        self._parts: _Parts | None = None

    def read(self) -> History:
        """Return everything that is recorded now.

        Raises:
            InputTrouble: the directory holds no run.
        """
        with self._lock:
            if self._parts is None:
                run = open_run_directory(self._directory)
                self._parts = _Parts(run, read_manifest(run))
            return self._parts.read()


class _Parts:
    def __init__(self, run: RunDirectory, manifest: Mapping[str, Any]) -> None:
        self._run = run
        self._manifest = manifest
        self._problems = ReadProblems()
        self._events = EventTable()
        self._labels = LabelTable()
        self._values = ValueGatherer(run.values)
        self._value_table: ValueTable | None = None
        self._metrics = MetricReader()
        self._metric_table: MetricTable | None = None
        self._ops = OpTail()
        self._lines = {
            path: LineTail(path) for path in (run.history, run.labels, run.values, run.metrics)
        }

    def read(self) -> History:
        run = self._run
        self._take(run.history, lambda line, _: self._events.take(line))
        # What an operation needs is there before it is.
        files = op_files(run, self._problems, cut_off=False)
        self._take(run.labels, lambda line, _: self._labels.take(line))
        if self._take(run.values, self._values.take) or self._value_table is None:
            self._value_table = self._values.table()
        if self._take(run.metrics, lambda line, _: self._metrics.read(line)) or (
            self._metric_table is None
        ):
            self._metric_table = self._metrics.slices()
        self._ops.read(files, self._labels, self._problems)
        ops, drops = self._ops.tables(self._labels, self._value_table)
        return History(
            manifest=self._manifest,
            ops=ops,
            drops=drops,
            metrics=self._metric_table,
            problems=self._problems.told(),
            **self._events.fields(),
        )

    def _take(self, path: Path, take: Callable[[Any, int], None]) -> int:
        """Give every new line of a file to *take*, with its offset; return how many there were."""
        count = 0
        for line, place, offset in self._lines[path].lines(self._problems):
            count += 1
            try:
                take(line, offset)
            except UNREADABLE:
                self._problems.add(path, f"{place}: unreadable")
        return count
