"""What is read of a run that goes on is what is read of it as a whole."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hormesis.record.history_reader import read_history
from hormesis.record.history_tail import HistoryTail
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.op_record import DROPPED, LabelRow, op_record
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.trouble import InputTrouble
from tests.unit.record.histories import MANIFEST, fault

OK: LabelRow = ("main", "claim", 0, "", {})
FAILED: LabelRow = ("main", "claim", 1, "refused", {})
LOST: LabelRow = ("main", "", DROPPED, "", {})


def record(number: int, ended_us: int, label: int) -> bytes:
    return op_record(number, 1, ended_us - 1000, 400, 600, label)


def same(one: History, other: History) -> None:
    def ended(history: History) -> list[float]:
        return [op.ended for op in history.ops]

    assert ended(one) == ended(other)
    assert {op.number: op for op in one.ops} == {op.number: op for op in other.ops}
    assert list(one.drops) == list(other.drops)
    assert list(one.metrics) == list(other.metrics)
    for field in ("faults", "loads", "phases", "end", "manifest", "problems"):
        assert getattr(one, field) == getattr(other, field)


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_many_looks_find_what_one_look_finds(shards: int, seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    outputs = [writer.shard(index + 1) for index in range(shards)]
    for output in outputs:
        output.labels([OK, FAILED, LOST])
    tail = HistoryTail(tmp_path)
    looks: list[tuple[History, list[int]]] = []
    number = 0
    for step in range(8):
        for output in random.sample(outputs, random.randint(0, shards)):
            chunk = b""
            for _ in range(random.choice([1, 30, 4000])):
                number += 1
                # Now and then a process is seconds late with what it tells.
                ended_us = step * 1_000_000 + random.choice([0, 0, 0, -3_000_000]) + number
                chunk += record(number, ended_us, random.choice([0, 0, 1, 2]))
            output.ops(chunk)
            output.values([(number, {"job": number})])
            output.metrics([MetricSlice("m", MetricSort.COUNTER, "main", step, 1, 1.0, 1, 1, 1)])
        writer.load(LoadRecord("main", 0.0, users=step))
        if step == 4:
            writer.fault(fault())
        writer.flush()
        history = tail.read()
        same(history, read_history(tmp_path))
        looks.append((history, history.ops.number.tolist()))  # type: ignore[attr-defined]
    assert number > 10
    writer.close()
    # What was given out has stayed as it was.
    for history, numbers in looks:
        assert history.ops.number.tolist() == numbers  # type: ignore[attr-defined]


def test_what_is_not_whole_yet_is_read_when_it_is(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    writer.shard(1).labels([OK])
    writer.close()
    tail = HistoryTail(tmp_path)
    chunk = record(1, 5000, 0) + record(2, 6000, 0)
    line = b'{"note":{"time":1.0,"level":"info","source":"x","text":"y"}}\n'
    for upto, ops, notes in ((0.6, 1, 0), (1.0, 2, 1)):
        (tmp_path / "ops.1.bin").write_bytes(chunk[: int(upto * len(chunk))])
        (tmp_path / "history.jsonl").write_bytes(line[: int(upto * len(line))])
        history = tail.read()
        assert (len(history.ops), len(history.notes)) == (ops, notes)
        assert history.problems == ()


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputTrouble):
        HistoryTail(tmp_path).read()
