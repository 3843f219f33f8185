"""History writer: puts a run's events into its directory while the run happens.

``manifest.json`` comes first and whole. ``history.jsonl`` holds one object per event, its only key
naming the sort. ``ops.jsonl`` holds one array per operation ::

    [number, load, name, user, due, sent, ended, outcome, error, value]

with times in whole microseconds, the outcome as 0 ok, 1 fail, 2 info, and load, name and error as
indexes of strings that an earlier line ``{"index": "text"}`` defines; trailing empty error and
value are left out. Spelling out the index keeps the rest readable when a line is lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hormesis.record.atomic_write import write_atomically
from hormesis.record.line_file import LineFile
from hormesis.record.run_directory import RunDirectory
from hormesis.words.history import (
    FaultRecord,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.op import Ended, Op

OUTCOMES = (Ended.OK, Ended.FAIL, Ended.INFO)
"""Outcomes by their code in ``ops.jsonl``."""

TIMES = frozenset(
    {"asked", "injected", "bitten", "released", "healed", "time", "start", "started", "ended",
     "took_s", "spread_s", "loop_lag_s"}
)  # fmt: skip
"""Fields of events that are times: they are rounded to a microsecond, measured values are not."""

_encode: Callable[[Any], str] = json.JSONEncoder(
    separators=(",", ":"), check_circular=False, default=str
).encode


class HistoryWriter:
    """Appends to one run directory, which must exist.

    Nothing waits for the disk except :meth:`end`. Nothing reaches the files before :meth:`flush`.
    Every method may raise OSError when the disk refuses; what was refused is kept and offered
    again by the next flush.
    """

    def __init__(self, directory: Path) -> None:
        self._run = RunDirectory(directory)
        self._events = LineFile(self._run.history)
        self._ops = LineFile(self._run.ops)
        self._add_op = self._ops.add
        self._index: dict[str, int] = {}
        self._count = 0
        self._codes = {outcome: code for code, outcome in enumerate(OUTCOMES)}

    def manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write what is known before the run begins."""
        text = json.dumps(dict(manifest), indent=1, default=str)
        write_atomically(self._run.manifest, text.encode())

    def op(self, op: Op) -> None:
        """Record one ended operation."""
        index = self._index
        self._count += 1
        try:
            load, name = index[op.load], index[op.name]
        except KeyError:
            load, name = self._interned(op.load), self._interned(op.name)
        head = (
            f"[{op.number},{load},{name},{op.user},{round(op.due * 1e6)},"
            f"{round(op.sent * 1e6)},{round(op.ended * 1e6)},{self._codes[op.outcome]}"
        )
        if op.value:
            error = self._interned(op.error)
            self._add_op(f"{head},{error},{_encode(dict(op.value))}]\n")
        elif op.error:
            self._add_op(f"{head},{self._interned(op.error)}]\n")
        else:
            self._add_op(f"{head}]\n")

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
        """Record how the run ended and how many operations there were; wait for the disk."""
        self._event("end", {**end, "ops": self._count})
        self._ops.sync()
        self._events.sync()
        descriptor = os.open(self._run.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def flush(self) -> None:
        """Hand everything recorded so far to the operating system, operations first."""
        self._ops.flush()
        self._events.flush()

    def close(self) -> None:
        """Flush and close the files; closing twice is harmless."""
        try:
            self._ops.close()
        finally:
            self._events.close()

    def _event(self, sort: str, data: Mapping[str, Any]) -> None:
        self._events.add(_encode({sort: data}) + "\n")

    def _interned(self, text: str) -> int:
        index = self._index.get(text)
        if index is None:
            index = self._index[text] = len(self._index)
            self._add_op(_encode({str(index): text}) + "\n")
        return index


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
