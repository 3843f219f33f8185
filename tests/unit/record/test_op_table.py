"""What is computed on columns is what a plain loop over the operations gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.extent import last_end
from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.op_table import OpTable, table_of
from hormesis.record.percentile import percentile_of
from hormesis.record.phase_cut import cut
from hormesis.record.sample_table import op_samples
from hormesis.record.series import series_of, spread_of
from hormesis.words.history import History
from hormesis.words.op import Ended, Label, Op
from hormesis.words.op_sequence import count_of, ops_ended_before, ops_named
from hormesis.words.window import inside
from tests.unit.record.histories import MANIFEST, fault, op, run

Made = Callable[[Sequence[Op]], OpTable]
micros = st.integers(0, 90 * 10**6)


@st.composite
def some_ops(draw: st.DrawFn) -> list[Op]:
    number = draw(st.integers(0, 30))
    return [
        op(
            index + 1,
            due=draw(micros) / 1e6,
            lag=draw(st.integers(0, 10**6)) / 1e6,
            took=draw(st.integers(0, 3 * 10**6)) / 1e6,
            name=draw(st.sampled_from(["claim", "submit"])),
            load=draw(st.sampled_from(["main", "side"])),
            outcome=draw(st.sampled_from(Ended)),
            error=draw(st.sampled_from(["", "timeout"])),
            value=draw(st.sampled_from([{}, {"job": "a"}, {"id": 1}])),
        )
        for index in range(number)
    ]


def recorded(directory: Path, ops: Sequence[Op]) -> OpTable:
    """The same operations as they come back from files, in which times are microseconds."""
    writer = HistoryWriter(directory)
    writer.manifest(MANIFEST)
    for one in ops:
        writer.op(one)
    writer.close()
    return table_of(read_history(directory).ops)


@pytest.fixture(scope="module", params=["listed", "recorded"])
def as_table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    def made(ops: Sequence[Op]) -> OpTable:
        if request.param == "listed":
            return table_of(ops)
        return recorded(tmp_path_factory.mktemp("run"), ops)

    return made


@given(some_ops(), st.data())
def test_columns_choices_and_counts_are_those_of_the_operations(
    as_table: Made, ops: list[Op], data: st.DataObject
) -> None:
    table = as_table(ops)
    ops = list(table)
    assert len(table) == len(ops)
    for column, field in (("due_s", "due"), ("sent_s", "sent"), ("ended_s", "ended"),
                          ("response_s", "response_s"), ("service_s", "service_s"),
                          ("lag_s", "lag_s"), ("number", "number"), ("user", "user")):  # fmt: skip
        assert getattr(table, column).tolist() == [getattr(one, field) for one in ops]
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(ops), max_size=len(ops))), bool)
    chosen = table.where(keep)
    mine = [one for one, kept in zip(ops, keep, strict=True) if kept]
    assert list(chosen) == mine
    assert chosen.response_s.tolist() == [one.response_s for one in mine]
    late = chosen.where(chosen.due_s > 45)
    assert list(late) == [one for one in mine if one.due > 45]
    places = np.array(data.draw(st.permutations(range(len(mine)))), dtype=np.int64)
    moved = chosen.where(places)
    assert list(moved) == [mine[place] for place in places]
    assert list(moved.where(moved.due_s > 45)) == [one for one in moved if one.due > 45]
    for view in (table, chosen, moved, late):
        told = list(view)
        assert [view[place] for place in range(-len(told), len(told))] == told * 2
        assert [list(view[::2]), list(view[::-1]), list(view[1:3])] == [
            told[::2], told[::-1], told[1:3],
        ]  # fmt: skip
        assert list(view.recorded("job")) == ["job" in one.value for one in told]
        for load, outcome in ((None, None), ("main", None), ("main", Ended.OK), (None, Ended.FAIL)):
            assert count_of(view, load, outcome) == count_of(told, load, outcome)
        for load in (None, "main"):
            named = list(ops_named(told, "claim", load))
            assert list(ops_named(view, "claim", load)) == named
        assert list(ops_ended_before(view, 45.0)) == ops_ended_before(told, 45.0)
        assert [view.numbered(one.number) for one in told] == told
        assert view.numbered(10**6) is None
        assert list(view.mask_inside([(3.0, 9.0), (5.0, 60.0)])) == [
            inside(one.due, [(3.0, 9.0), (5.0, 60.0)]) for one in told
        ]
        assert last_end(view) == max((one.ended for one in told), default=-math.inf)


@given(some_ops())
def test_series_and_phases_are_those_of_a_loop(as_table: Made, ops: list[Op]) -> None:
    table = as_table(ops)
    ops = list(table)
    faults = [fault("pause", 20.0, 30.0), fault("kill", 25.0, 40.0)]
    history = run(ops=ops, faults=faults)
    history = History(**{**vars(history), "ops": table})
    for bucket in series_of(history, 5.0, load="main"):
        mine = [
            one for one in ops
            if one.load == "main" and math.floor(one.due / 5.0) == round(bucket.start / 5.0)
        ]  # fmt: skip
        assert (bucket.ok, bucket.fail, bucket.info) == tuple(
            sum(one.outcome is outcome for one in mine)
            for outcome in (Ended.OK, Ended.FAIL, Ended.INFO)
        )
        assert bucket.response == spread_of([one.response_s for one in mine])
    for phase in cut(history):
        calm = phase.name == "before"  # What the fault overtook is not in it.
        mine = [
            one for one in ops
            if inside(one.due, phase.stretches)
            and not (calm and one.ended > phase.stretches[0][1])
        ]  # fmt: skip
        assert (phase.count, phase.ok) == (len(mine), count_of(mine, outcome=Ended.OK))
        assert phase.service == spread_of([one.service_s for one in mine])
    buckets = series_of(history, 5.0)
    assert sum(one.ok + one.fail + one.info for one in buckets) == len(ops)


@given(some_ops())
def test_samples_are_those_of_a_loop(as_table: Made, ops: list[Op]) -> None:
    table = as_table(ops)
    ops = sorted(ops_named(list(table), "claim", "side"), key=lambda one: one.ended)
    table = op_samples(History(MANIFEST, ops=table), "side.claim", slow_s=2.0)
    samples = [table[place] for place in range(len(table))]
    assert [(one.time, one.ended, one.start, one.good) for one in samples] == list(
        zip(table.time, table.ended, table.start, table.good, strict=True)
    )
    assert [(one.time, one.start, one.cite) for one in samples] == [
        (one.ended, one.sent, f"op {one.number}") for one in ops
    ]
    bad = [one for one in ops if one.outcome is not Ended.OK or one.response_s > 2.0]
    assert [one.cite for one in samples if not one.good] == [f"op {one.number}" for one in bad]
    assert all(bool(one.text) != one.good for one in samples)


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_a_spread_is_that_of_the_sorted_values(values: list[float]) -> None:
    spread = spread_of(np.array(values, dtype=np.float64))
    if not values:
        assert spread.count == 0
        return
    ordered = sorted(values)
    assert spread.mean == math.fsum(ordered) / len(ordered)
    assert (spread.p50, spread.p95, spread.p99, spread.highest) == tuple(
        percentile_of(ordered, percent) for percent in (50, 95, 99, 100)
    )


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 truth values, found 1"):
        table_of([op(1), op(2)]).where(np.array([True]))


def test_a_table_is_made_once_and_tells_its_values() -> None:
    table = table_of([op(1, value={"job": "a"}), op(2)])
    assert table_of(table) is table
    assert dict(table.values) == {1: {"job": "a"}}
    assert table.labels == (Label("main", "claim", Ended.OK),)
    assert "OpTable([Op(number=1" in repr(table)
    assert table != [op(1)]
    assert table != "no operations"
    with pytest.raises(IndexError):
        table[2]
