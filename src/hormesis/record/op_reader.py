"""Op reader: rebuilds the operations and drops of a run from the files of all its processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hormesis.record.drop_table import DropTable
from hormesis.record.json_lines import UNREADABLE, lines_of
from hormesis.record.op_columns import RecordedColumns
from hormesis.record.op_record import DROPPED, OUTCOMES, RECORD, WHOLE_MAX, label_key
from hormesis.record.op_table import OpTable
from hormesis.record.read_problems import TOLD_MAX, ReadProblems
from hormesis.record.record_layout import LAYOUT
from hormesis.record.run_directory import RunDirectory
from hormesis.record.value_table import ValueTable
from hormesis.words.op import Label

COLUMNS = {
    name: np.dtype(np.int64 if name == "due_us" else np.uint32) for name in LAYOUT.names or ()
}
"""What is kept of a record, and as what."""
_AT_ONCE = 1 << 20
_DUE_MAX_US = 365 * 24 * 3600 * 10**6
"""No run lasts longer than a year: what is due beyond that is no operation."""


class LabelTable:
    """The labels of all processes: where each process's index leads to."""

    def __init__(self) -> None:
        self.labels: list[Label] = []
        self.loads: list[str] = []
        """Of the drops."""
        self.count = 0
        self._known: dict[Any, int] = {}
        self._targets: dict[int, dict[int, int]] = {}

    def read(self, path: Path, problems: ReadProblems) -> None:
        """Take every label in the file *path*."""
        for line, place, _ in lines_of(path, problems):
            try:
                self.take(line)
            except UNREADABLE:
                problems.add(path, f"{place}: unreadable as a label")

    def take(self, line: Any) -> None:
        """Take one decoded line.

        Raises:
            ValueError, TypeError, IndexError or AttributeError: it is no label.
        """
        shard, index, load, name, code, error, *rest = line
        tags = {str(tag): str(value) for tag, value in rest[0].items()} if rest else {}
        if any(type(one) is not int or not 0 <= one <= WHOLE_MAX for one in (shard, index)):
            raise TypeError(line)
        if any(type(one) is not str for one in (load, name, error)):
            raise TypeError(line)
        target = self._target_of(load, name, code, error, tags)
        self._targets.setdefault(shard, {})[index] = target
        self.count += 1

    def targets(self, shard: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the known indexes of a process in rising order, and where each leads to.

        That is an index into ``labels``, or ``-1 - index`` into ``loads`` for drops.
        """
        known = sorted(self._targets.get(shard, {}).items())
        pairs = np.array(known, dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0].astype(np.uint32), pairs[:, 1].astype(np.int32)

    def _target_of(
        self, load: str, name: str, code: int, error: str, tags: Mapping[str, str]
    ) -> int:
        if code == DROPPED:
            return -1 - self._interned(load, self.loads, load)
        if type(code) is not int or not 0 <= code < len(OUTCOMES):
            raise ValueError(code)
        label = Label(load, name, OUTCOMES[code], error, tags)
        return self._interned(label_key(label), self.labels, label)

    def _interned(self, key: Any, those: list[Any], one: Any) -> int:
        index = self._known.get(key)
        if index is None:
            index = self._known[key] = len(those)
            those.append(one)
        return index


@dataclass(frozen=True, slots=True)
class OpFile:
    """One process's file, as long as it was when it was looked at."""

    shard: int
    path: Path
    size: int

    @property
    def records(self) -> int:
        """Return how many whole records it holds."""
        return self.size // RECORD.size


def op_files(run: RunDirectory, problems: ReadProblems, *, cut_off: bool = True) -> list[OpFile]:
    """Return the files of operations as they are now; a last record that is none yet is *cut_off*.

    Labels and values must be read after this: those of every operation are there by then.
    """
    found = []
    for shard in run.shards():
        path = run.ops(shard)
        try:
            size = path.stat().st_size
        except OSError as trouble:
            problems.add(path, f" is missing: {trouble.strerror}")
            continue
        if cut_off and size % RECORD.size:
            problems.add(path, f":{size // RECORD.size + 1}: cut off")
        found.append(OpFile(shard, path, size))
    return found


def read_ops(
    files: list[OpFile], labels: LabelTable, values: ValueTable, problems: ReadProblems
) -> tuple[OpTable, DropTable]:
    """Return the operations and drops in *files*.

    Those of one process stand in the order in which it recorded them, those of several in the
    order of their ends.
    """
    rows = sum(file.records for file in files)
    columns: dict[str, NDArray[Any]] = {
        name: np.empty(rows, dtype=kind) for name, kind in COLUMNS.items()
    }
    drops: list[tuple[NDArray[Any], NDArray[Any]]] = []
    filled = 0
    for file in files:
        targets = labels.targets(file.shard)
        for first, part in parts_from(file, 0, problems):
            chosen, target_of, dropped = sorted_out(file.path, first, part, targets, problems)
            if dropped is not None:
                drops.append(dropped)
            upto = filled + int(np.count_nonzero(chosen))
            for name, column in columns.items():
                column[filled:upto] = target_of[chosen] if name == "label" else part[name][chosen]
            filled = upto
    columns = {name: column[:filled] for name, column in columns.items()}
    if sum(file.records > 0 for file in files) > 1:
        _order_by_end(columns)
    recorded = RecordedColumns(**columns, values=values)
    return OpTable(recorded, labels.labels), drops_of(drops, labels.loads)


_UNKNOWN = np.iinfo(np.int32).min


def parts_from(
    file: OpFile, start: int, problems: ReadProblems
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (index of the first record, records) in parts that fit the memory easily."""
    try:
        with file.path.open("rb") as stream:
            stream.seek(start * RECORD.size)
            yield from _parts_of(stream, start, file.records)
    except OSError as trouble:
        problems.add(file.path, f" is unreadable: {trouble.strerror}")


def _parts_of(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[int, NDArray[Any]]]:
    for first in range(start, end, _AT_ONCE):
        content = stream.read(min(_AT_ONCE, end - first) * RECORD.size)
        part = np.frombuffer(content, dtype=LAYOUT, count=len(content) // RECORD.size)
        yield first, part


def sorted_out(
    path: Path,
    first: int,
    part: NDArray[Any],
    targets: tuple[NDArray[Any], NDArray[Any]],
    problems: ReadProblems,
) -> tuple[NDArray[np.bool_], NDArray[Any], tuple[NDArray[Any], NDArray[Any]] | None]:
    """Return which records of *part* are operations, where labels lead to, and the drops if any."""
    target_of = _targets_of(part, *targets)
    usable = _usable(part) & (target_of > _UNKNOWN)
    if not usable.all():
        _tell(path, first + np.flatnonzero(~usable), problems)
    dropped = usable & (target_of < 0)
    drops = (part["due_us"][dropped], -1 - target_of[dropped]) if dropped.any() else None
    return usable & (target_of >= 0), target_of, drops


def _targets_of(part: NDArray[Any], known: NDArray[Any], target: NDArray[Any]) -> NDArray[Any]:
    """Return where each record's label leads to, or the lowest number when that is unknown."""
    if not len(known):
        return np.full(len(part), _UNKNOWN, dtype=np.int32)
    codes = np.ascontiguousarray(part["label"])
    if known[-1] == len(known) - 1:
        places = np.minimum(codes, known[-1])
    else:
        places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    found: NDArray[Any] = np.where(known[places] == codes, target[places], _UNKNOWN)
    return found


def _usable(part: NDArray[Any]) -> NDArray[np.bool_]:
    due_us = part["due_us"]
    usable: NDArray[np.bool_] = (due_us <= _DUE_MAX_US) & (due_us >= -_DUE_MAX_US)
    usable &= part["number"] > 0
    return usable


def _tell(path: Path, places: NDArray[Any], problems: ReadProblems) -> None:
    for place in places[:TOLD_MAX].tolist():
        problems.add(path, f":{place + 1}: unreadable as an operation")
    if len(places) > TOLD_MAX:
        problems.add(path, "", times=len(places) - TOLD_MAX)


def _order_by_end(columns: dict[str, NDArray[Any]]) -> None:
    """Bring rows into the order of their ends, column by column to spare the memory."""
    ended = columns["due_us"] + columns["lag_us"]
    ended += columns["took_us"]
    if np.all(ended[1:] >= ended[:-1]):
        return
    order = np.argsort(ended, kind="stable")
    del ended
    for name in columns:
        columns[name] = columns[name][order]


def drops_of(parts: list[tuple[NDArray[Any], NDArray[Any]]], loads: list[str]) -> DropTable:
    """Return the table of all drops, given when each was due and of which load it is."""
    if not parts:
        return DropTable(np.empty(0, dtype=np.float64), np.empty(0, dtype=np.int64), loads)
    due_us, load = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(due_us, kind="stable")
    return DropTable(due_us[order] / 1e6, load[order], loads)
