"""What the writer writes the reader reads back, whole or cut off anywhere."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.op_record import RECORD, op_record
from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended, Op
from hormesis.words.trouble import InputTrouble
from tests.unit.record.histories import ENDED, MANIFEST, fault, look, op

FILES = ["history.jsonl", "labels.jsonl", "metrics.jsonl", "ops.bin", "values.jsonl"]
U32 = 2**32 - 1
MICRO = 1e6
micros = st.integers(-(10**9), 10**12)
times = micros.map(lambda one: one / MICRO)
texts = st.text(max_size=12)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)
values = st.dictionaries(texts, scalars, max_size=3)


@st.composite
def ops(draw: st.DrawFn) -> Op:
    due = draw(micros)
    lag, took = draw(st.integers(0, U32)), draw(st.integers(0, U32))
    return Op(
        number=draw(st.integers(1, U32)),
        load=draw(texts),
        name=draw(texts),
        user=draw(st.integers(0, U32)),
        due=due / MICRO,
        sent=(due + lag) / MICRO,
        ended=(due + lag + took) / MICRO,
        outcome=draw(st.sampled_from(Ended)),
        error=draw(texts),
        value=draw(values),
        tags=draw(st.dictionaries(texts, texts, max_size=2)),
    )


probes = st.builds(
    ProbeRecord,
    probe=texts,
    time=times,
    fields=values,
    reason=texts,
    miss=texts,
    expected=st.booleans(),
    took_s=times,
    rows=st.lists(values, max_size=2).map(tuple),
)


def written(directory: Path, history: History) -> None:
    writer = HistoryWriter(directory)
    writer.manifest(history.manifest)
    for phase in history.phases:
        writer.phase(phase)
    for one in history.ops:
        writer.op(one)
    for record in history.faults:
        writer.fault(record)
    for seen in history.probes:
        writer.probe(seen)
    for change in history.processes:
        writer.process(change)
    for load in history.loads:
        writer.load(load)
    for note in history.notes:
        writer.note(note)
    writer.shard(0).metrics(history.metrics)
    if history.end is not None:
        writer.end(history.end)
    writer.close()
    writer.close()


def trend(start: float, **given: Any) -> MetricSlice:
    fields: dict[str, Any] = {
        "count": 3, "total": 0.6, "lowest": 0.1, "highest": 0.3, "last": 0.2,
        "tags": {"page": "ä"}, "buckets": {-114: 1, -60: 2},
    }  # fmt: skip
    return MetricSlice("think", MetricSort.TREND, "main", start, **{**fields, **given})


def sample() -> History:
    return History(
        manifest=MANIFEST,
        ops=[
            op(1, value={"job": "jöb-1", "attempt": 1}),
            op(2, outcome=Ended.INFO, error="timeout"),
            op(3, name="submit", outcome=Ended.FAIL, error="http-409", value={"job": None}),
        ],
        metrics=(trend(0.25), trend(0.5, buckets={-3: 3})),
        faults=(fault(),),
        probes=(look(2.0), look(3.0, rows=({"job": "a"},), fields={"value": 1.25, "count": 1})),
        processes=(ProcessRecord("server", 1.5, "exited", 7, -9, True),),
        loads=(LoadRecord("main", 1.0, 9.0, 5, 50, 1, 0.002, 0.01),),
        notes=(Note(1.0, "fatal", "monitor", "blind"),),
        phases=(Phase("starting", 0.0), Phase("tracks", 1.0)),
        end=ENDED,
    )


def test_a_whole_history_comes_back_equal(tmp_path: Path) -> None:
    written(tmp_path, sample())
    assert read_history(tmp_path) == sample()


@given(st.lists(ops(), max_size=8, unique_by=lambda one: one.number), st.lists(probes, max_size=4))
def test_any_operations_and_observations_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, some: list[Op], seen: list[ProbeRecord]
) -> None:
    directory = tmp_path_factory.mktemp("run")
    history = History(MANIFEST, ops=some, probes=tuple(seen))
    written(directory, history)
    assert read_history(directory) == history


def test_times_are_rounded_to_a_microsecond_and_values_are_not(tmp_path: Path) -> None:
    exact = 1.23456789012
    written(
        tmp_path,
        History(
            MANIFEST,
            ops=[replace(op(1), due=exact, value={"ms": exact})],
            probes=(look(exact, fields={"value": exact}),),
        ),
    )
    history = read_history(tmp_path)
    assert history.ops[0].due == history.probes[0].time == 1.234568
    assert history.ops[0].value["ms"] == history.probes[0].fields["value"] == exact


def test_what_does_not_fit_a_record_is_clipped_or_refused(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    writer.op(replace(op(1, due=10.0), sent=9.0, ended=10_000.0))
    for bad in (op(0), op(U32 + 1), op(2, user=-1), op(2, user=U32 + 1)):
        with pytest.raises(ValueError, match="expected a"):
            writer.op(bad)
    writer.close()
    [one] = read_history(tmp_path).ops
    assert (one.due, one.sent, one.ended) == (10.0, 10.0, 10.0 + U32 / MICRO)


def test_the_latest_record_of_a_fault_and_of_a_load_counts(tmp_path: Path) -> None:
    first = FaultRecord("a-1", "a", "pause", "server", asked=1.0)
    other = FaultRecord("b-1", "b", "pause", "server", asked=1.0)
    load = LoadRecord("main", 1.0)
    history = History(
        MANIFEST,
        faults=(first, other, replace(first, injected=2.0)),
        loads=(load, replace(load, ended=5.0)),
    )
    written(tmp_path, history)
    read = read_history(tmp_path)
    assert [(one.id, one.injected) for one in read.faults] == [("a-1", 2.0), ("b-1", None)]
    assert [one.ended for one in read.loads] == [5.0]


@pytest.mark.parametrize("name", ["ops.bin", "history.jsonl", "metrics.jsonl"])
def test_a_file_cut_at_any_byte_gives_the_events_before_the_cut(tmp_path: Path, name: str) -> None:
    written(tmp_path, sample())
    path = tmp_path / name
    whole = path.read_bytes()
    full = read_history(tmp_path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        read = read_history(tmp_path)
        assert list(read.ops) == list(full.ops)[: len(read.ops)]
        assert read.probes == full.probes[: len(read.probes)]
        assert read.metrics == full.metrics[: len(read.metrics)]
        assert len(read.problems) <= 1
        assert (read.end is None) == (name == "history.jsonl" and length < len(whole) - 1)
        if name == "ops.bin":
            assert len(read.ops) == length // RECORD.size
            assert read.problems, length
            continue
        at_line_end = length == 0 or whole[length - 1 : length] == b"\n"
        before_line_end = whole[length : length + 1] == b"\n"
        torn = not at_line_end and not before_line_end
        lost = read.end is not None and length < len(whole) - 1
        assert bool(read.problems) == (torn or lost), length


@pytest.mark.parametrize("name", ["labels.jsonl", "values.jsonl"])
def test_a_lost_part_of_what_belongs_to_operations_is_noticed(tmp_path: Path, name: str) -> None:
    written(tmp_path, sample())
    path = tmp_path / name
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        read = read_history(tmp_path)
        known = {one.number: one for one in sample().ops}
        assert all(replace(one, value=known[one.number].value) == known[one.number]
                   for one in read.ops)  # fmt: skip
        assert read.problems, length


def test_a_bad_line_in_the_middle_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    written(tmp_path, sample())
    for name in ("history.jsonl", "labels.jsonl", "values.jsonl", "metrics.jsonl"):
        path = tmp_path / name
        lines = path.read_bytes().splitlines(keepends=True)
        lines[1:1] = [b"\xff\xfe{\n", b"[1,2]\n", b'{"fault":{"id":3}}\n', b"7\n", b"null\n"]
        lines[1:1] = [b'{"phase":{"name":"x","start":"soon"}}\n', b'["a",0,1,1,1,1,1,0]\n']
        lines[1:1] = [b'[0,9,"main","x",7,""]\n', b'[0,-1,"main","x",0,""]\n', b'[0,{}]\n']
        path.write_bytes(b"".join(lines))
    read = read_history(tmp_path)
    assert replace(read, problems=()) == sample()
    for name in ("history.jsonl", "labels.jsonl", "values.jsonl", "metrics.jsonl"):
        assert any(problem.startswith(f"{name}:3: ") for problem in read.problems)


@pytest.mark.parametrize("garbage", [b"\x00" * RECORD.size, b"\xff" * RECORD.size, b"\x00" * 9])
def test_garbage_after_the_operations_is_reported_and_is_none(
    tmp_path: Path, garbage: bytes
) -> None:
    written(tmp_path, replace(sample(), end=None))
    with (tmp_path / "ops.bin").open("ab") as file:
        file.write(garbage)
    read = read_history(tmp_path)
    assert read.ops == sample().ops
    assert [problem.split(":")[:2] for problem in read.problems] == [["ops.bin", "4"]]


def test_a_moment_that_no_run_has_is_no_operation(tmp_path: Path) -> None:
    written(tmp_path, replace(sample(), end=None))
    label = RECORD.unpack((tmp_path / "ops.bin").read_bytes()[: RECORD.size])[-1]
    with (tmp_path / "ops.bin").open("ab") as file:
        file.write(op_record(9, 1, 2**62, 0, 0, label))
    read = read_history(tmp_path)
    assert (len(read.ops), read.problems) == (3, ("ops.bin:4: unreadable as an operation",))


@given(st.binary(max_size=120), st.sampled_from(FILES))
def test_no_garbage_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, name: str
) -> None:
    directory = tmp_path_factory.mktemp("run")
    written(directory, sample())
    (directory / name).write_bytes((directory / name).read_bytes() + garbage)
    read = read_history(directory)
    assert list(read.ops)[:3] == sample().ops
    assert read.problems or not garbage.strip(b"\n")


def test_a_lost_definition_of_a_label_never_renames_an_operation(tmp_path: Path) -> None:
    written(tmp_path, sample())
    path = tmp_path / "labels.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"submit" not in line))
    read = read_history(tmp_path)
    assert [one.number for one in read.ops] == [1, 2]
    assert read.problems == (
        "ops.bin:3: unreadable as an operation", "labels.jsonl holds 2 of 3 records",
    )  # fmt: skip


def test_many_problems_are_counted_not_listed(tmp_path: Path) -> None:
    written(tmp_path, sample())
    (tmp_path / "labels.jsonl").write_text("x\n" * 500)
    (tmp_path / "ops.bin").write_bytes((tmp_path / "ops.bin").read_bytes() * 100)
    read = read_history(tmp_path)
    assert len(read.problems) == 42
    assert read.problems[-2:] == ("labels.jsonl: and 480 more", "ops.bin: and 280 more")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_a_problem(tmp_path: Path, name: str) -> None:
    written(tmp_path, sample())
    (tmp_path / name).unlink()
    read = read_history(tmp_path)
    assert bool(read.ops) == (name not in ("ops.bin", "labels.jsonl"))
    assert bool(read.faults) == (name != "history.jsonl")
    assert read.problems[0] == f"{name} is missing: No such file or directory"


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"a": 1'])
def test_a_folder_without_a_readable_manifest_is_no_run(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputTrouble, match=r"manifest\.json"):
        read_history(tmp_path)


@pytest.mark.parametrize("room", range(0, 400, 13))
def test_nothing_is_lost_when_the_disk_refuses_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    real, left = os.write, [room]

    def nearly_full(descriptor: int, content: Any) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(left[0], len(content), 7)
        left[0] -= taken
        return real(descriptor, bytes(content[:taken]))

    monkeypatch.setattr(os, "write", nearly_full)
    for number in range(1, 9):
        writer.op(op(number, value={"job": f"job-{number}"}, name=f"name-{number}"))
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    # Whatever went out: what an operation needs went before it.
    assert all(one.value and one.name for one in read_history(tmp_path).ops)
    writer.op(op(9))
    left[0] = 10**6
    writer.end(ENDED)
    writer.close()
    monkeypatch.undo()
    read = read_history(tmp_path)
    assert [one.number for one in read.ops] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert read.problems == ()


def test_nothing_reaches_the_disk_before_a_flush(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    writer.op(op(1))
    assert read_history(tmp_path).ops == []
    writer.flush()
    assert read_history(tmp_path).ops == [op(1)]
    writer.close()


def test_the_end_waits_until_the_disk_has_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = HistoryWriter(tmp_path)
    writer.shard(1)
    writer.manifest(MANIFEST)
    synced: list[str] = []

    def noted(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)

    monkeypatch.setattr(os, "fsync", noted)
    writer.end(ENDED)
    writer.close()
    assert sorted(synced) == sorted([*FILES, "ops.1.bin", tmp_path.name])
    assert synced[-2:] == ["history.jsonl", tmp_path.name]


def test_values_that_json_cannot_hold_are_kept_as_text(tmp_path: Path) -> None:
    written(tmp_path, History(MANIFEST, probes=(look(1.0, fields={"value": Path("x")}),)))
    assert read_history(tmp_path).probes[0].fields == {"value": "x"}


def test_the_manifest_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("power cut")

    writer = HistoryWriter(tmp_path)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="power cut"):
        writer.manifest(MANIFEST)
    writer.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_each_operation_is_28_bytes_and_each_value_one_line(tmp_path: Path) -> None:
    written(tmp_path, History(MANIFEST, ops=[op(n, value={"a": "x\ny"}) for n in range(1, 4)]))
    assert (tmp_path / "ops.bin").stat().st_size == 3 * 28
    lines = (tmp_path / "values.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [[n, {"a": "x\ny"}] for n in range(1, 4)]
    assert len((tmp_path / "labels.jsonl").read_text().splitlines()) == 1
