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
from hormesis.words.history import (
    FaultRecord,
    History,
    LoadRecord,
    Note,
    Phase,
    ProbeRecord,
    ProcessRecord,
)
from hormesis.words.op import Ended, Op
from hormesis.words.trouble import InputTrouble
from tests.unit.record.histories import ENDED, MANIFEST, fault, look, op

MICRO = 1e6
times = st.integers(-(10**9), 10**12).map(lambda micros: micros / MICRO)
texts = st.text(max_size=12)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)
values = st.dictionaries(texts, scalars, max_size=3)
ops = st.builds(
    Op,
    number=st.integers(0, 10**9),
    load=texts,
    name=texts,
    user=st.integers(0, 10**6),
    due=times,
    sent=times,
    ended=times,
    outcome=st.sampled_from(Ended),
    error=texts,
    value=values,
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
    if history.end is not None:
        writer.end(history.end)
    writer.close()
    writer.close()


def sample() -> History:
    return History(
        manifest=MANIFEST,
        ops=[
            op(1, value={"job": "jöb-1", "attempt": 1}),
            op(2, outcome=Ended.INFO, error="timeout"),
            op(3, name="submit", outcome=Ended.FAIL, error="http-409", value={"job": None}),
        ],
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


@given(st.lists(ops, max_size=8), st.lists(probes, max_size=4))
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


@pytest.mark.parametrize("name", ["ops.jsonl", "history.jsonl"])
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
        assert len(read.problems) <= 1
        assert (read.end is None) == (name == "history.jsonl" and length < len(whole) - 1)
        at_line_end = length == 0 or whole[length - 1 : length] == b"\n"
        before_line_end = whole[length : length + 1] == b"\n"
        torn = not at_line_end and not before_line_end
        lost = read.end is not None and len(read.ops) < len(full.ops)
        assert bool(read.problems) == (torn or lost), length


def test_a_bad_line_in_the_middle_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    written(tmp_path, sample())
    for name in ("ops.jsonl", "history.jsonl"):
        path = tmp_path / name
        lines = path.read_bytes().splitlines(keepends=True)
        lines[2:2] = [b"\xff\xfe{\n", b"[1,2]\n", b'{"fault":{"id":3}}\n', b"7\n"]
        lines[2:2] = [b'{"phase":{"name":"x","start":"soon"}}\n', b'["a",0,1,1,1,1,1,0]\n']
        path.write_bytes(b"".join(lines))
    read = read_history(tmp_path)
    assert replace(read, problems=()) == sample()
    assert "ops.jsonl:5: unreadable" in read.problems
    assert any(problem.startswith("history.jsonl:3: ") for problem in read.problems)


def test_a_lost_definition_of_a_text_never_renames_an_operation(tmp_path: Path) -> None:
    written(tmp_path, sample())
    path = tmp_path / "ops.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b"submit" not in line))
    read = read_history(tmp_path)
    assert [one.number for one in read.ops] == [1, 2]
    assert len(read.problems) == 1


def test_many_problems_are_counted_not_listed(tmp_path: Path) -> None:
    written(tmp_path, sample())
    (tmp_path / "ops.jsonl").write_text("x\n" * 500)
    assert len(read_history(tmp_path).problems) == 21
    assert read_history(tmp_path).problems[-1] == "ops.jsonl: and 480 more lines"


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    written(tmp_path, sample())
    (tmp_path / "ops.jsonl").unlink()
    read = read_history(tmp_path)
    assert read.ops == []
    assert read.faults == sample().faults
    assert "missing" in read.problems[0]


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"a": 1'])
def test_a_folder_without_a_readable_manifest_is_no_run(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputTrouble, match=r"manifest\.json"):
        read_history(tmp_path)


def test_nothing_is_lost_when_the_disk_refuses_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    real, room = os.write, [40]

    def nearly_full(descriptor: int, content: Any) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(room[0], len(content), 7)
        room[0] -= taken
        return real(descriptor, bytes(content[:taken]))

    monkeypatch.setattr(os, "write", nearly_full)
    for number in range(5):
        writer.op(op(number, value={"job": f"job-{number}"}))
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    writer.op(op(5))
    room[0] = 10**6
    writer.close()
    monkeypatch.undo()
    read = read_history(tmp_path)
    assert [one.number for one in read.ops] == [0, 1, 2, 3, 4, 5]
    assert read.problems == ()


def test_nothing_reaches_the_disk_before_a_flush(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    writer.op(op(1))
    assert read_history(tmp_path).ops == []
    writer.flush()
    assert read_history(tmp_path).ops == [op(1)]
    writer.close()


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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.jsonl", "ops.jsonl"]


def test_each_operation_is_one_line_of_json(tmp_path: Path) -> None:
    written(tmp_path, History(MANIFEST, ops=[op(n, value={"a": "x\ny"}) for n in range(3)]))
    lines = [json.loads(line) for line in (tmp_path / "ops.jsonl").read_text().splitlines()]
    assert sum(isinstance(line, list) for line in lines) == 3
