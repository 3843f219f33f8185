"""History writer: puts a run's events into its directory while the run happens.

``manifest.json`` comes first and whole. ``history.jsonl`` holds one object per event, its only key
naming the sort. Operations stand in ``ops.bin`` and, of the second and further processes that
generate load, in ``ops.1.bin`` and so on: records of 28 bytes, see
:mod:`hormesis.record.op_record`. What many operations have in common is one line of
``labels.jsonl`` ::

    [process, index, load, name, outcome, error, tags]

with the outcome as 0 ok, 1 fail, 2 info, 3 dropped, and without tags when there are none. What an
operation was about is a line ``[number, value]`` of ``values.jsonl``. ``metrics.jsonl`` is told in
:mod:`hormesis.record.metric_file`. The end says how many records each file holds, so that a lost
tail is noticed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hormesis.record.atomic_write import write_atomically
from hormesis.record.metric_file import MetricLines
from hormesis.record.op_record import OUTCOMES, OWN_LABELS, label_key, op_record
from hormesis.record.run_directory import RunDirectory
from hormesis.record.shard_output import CountedFile, ShardOutput
from hormesis.words.history import (
    FaultRecord,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.op import Op

TIMES = frozenset(
    {"asked", "injected", "bitten", "released", "healed", "time", "start", "started", "ended",
     "took_s", "spread_s", "loop_lag_s", "late_p50_s", "late_p95_s", "late_p99_s"}
)  # fmt: skip
"""Fields of events that are times: they are rounded to a microsecond, measured values are not."""

RECORDED = "recorded"
"""The field of the end that says how many records each file holds."""


class HistoryWriter:
    """Appends to one run directory, which must exist.

    Nothing waits for the disk except :meth:`end`. Nothing reaches the files before :meth:`flush`.
    Every method may raise OSError when the disk refuses; what was refused is kept and offered
    again by the next flush.
    """

    def __init__(self, directory: Path) -> None:
        self._run = RunDirectory(directory)
        self._events = CountedFile(self._run.history)
        self._labels = CountedFile(self._run.labels)
        self._values = CountedFile(self._run.values)
        self._metrics = CountedFile(self._run.metrics)
        self._metric_lines = MetricLines(self._metrics.put)
        self._ops: dict[int, CountedFile] = {}
        self._shards: dict[int, ShardOutput] = {}
        self._own_labels: dict[Any, int] = {}
        self._codes = {outcome: code for code, outcome in enumerate(OUTCOMES)}
        self.shard(0)

    def manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write what is known before the run begins."""
        text = json.dumps(dict(manifest), indent=1, default=str)
        write_atomically(self._run.manifest, text.encode())

    def shard(self, index: int) -> ShardOutput:
        """Return where the process *index* that generates load puts what it records."""
        if index not in self._shards:
            ops = self._ops[index] = CountedFile(self._run.ops(index))
            self._shards[index] = ShardOutput(
                index,
                ops=ops,
                labels=self._labels,
                values=self._values,
                metrics=self._metric_lines,
                load=self.load,
            )
        return self._shards[index]

    def op(self, op: Op) -> None:
        """Record one ended operation; times are rounded to a microsecond.

        Raises:
            ValueError: a number or a user that does not fit a record.
        """
        due_us, sent_us, ended_us = round(op.due * 1e6), round(op.sent * 1e6), round(op.ended * 1e6)
        code = self._own_labels.get(key := label_key(op))
        own = self._shards[0]
        record = op_record(
            op.number, op.user, due_us, sent_us - due_us, ended_us - sent_us,
            OWN_LABELS + len(self._own_labels) if code is None else code,
        )  # fmt: skip
        if code is None:
            code = self._own_labels[key] = OWN_LABELS + len(self._own_labels)
            own.label(code, (op.load, op.name, self._codes[op.outcome], op.error, op.tags))
        if op.value:
            own.values([(op.number, op.value)])
        own.ops(record)

    def fault(self, record: FaultRecord) -> None:
        """Record a fault as it stands now; the latest record of an id counts."""
        self._event("fault", _plain(record))

    def probe(self, record: ProbeRecord) -> None:
        """Record one observation."""
        self._event("probe", _plain(record))

    def process(self, record: ProcessRecord) -> None:
        """Record a change of a service."""
        self._event("process", _plain(record))

    def load(self, record: LoadRecord) -> None:
        """Record a load as it stands now; the latest record of a load counts."""
        self._event("load", _plain(record))

    def note(self, note: Note) -> None:
        """Record a note."""
        self._event("note", _plain(note))

    def phase(self, phase: Phase) -> None:
        """Record that a phase began."""
        self._event("phase", _plain(phase))

    def end(self, end: Mapping[str, Any]) -> None:
        """Record how the run ended and how many records there are; wait for the disk."""
        recorded = {file.name: file.count for file in self._files() if file is not self._events}
        self._event("end", {**end, RECORDED: recorded})
        for file in self._files():
            file.sync()
        descriptor = os.open(self._run.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system.

        Labels and values go before the operations that use them, events last.
        """
        for file in self._files():
            file.flush()

    def close(self) -> None:
        """Flush and close the files; closing twice is harmless."""
        try:
            self.flush()
        finally:
            for file in self._files():
                file.close()

    def _files(self) -> Iterator[CountedFile]:
        yield self._labels
        yield self._values
        yield from self._ops.values()
        yield self._metrics
        yield self._events

    def _event(self, sort: str, data: Mapping[str, Any]) -> None:
        self._events.put({sort: data})


def _plain(record: Any) -> dict[str, Any]:
    """Return a record's fields as plain data, times rounded to a microsecond."""
    data: dict[str, Any] = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if one.name in TIMES and value is not None:
            value = round(value, 6)
        elif isinstance(value, Mapping):
            value = dict(value)
        elif isinstance(value, tuple):
            value = [dict(row) for row in value]
        data[one.name] = value
    return data
