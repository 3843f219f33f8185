"""What several processes recorded is read as one run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.metric_table import metric_names, slices_named
from hormesis.record.op_record import DROPPED, LabelRow, op_record
from hormesis.record.op_table import table_of
from hormesis.words.history import LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Drop, Ended
from tests.unit.record.histories import ENDED, MANIFEST, op

OK: LabelRow = ("main", "claim", 0, "", {"method": "GET"})
FAILED: LabelRow = ("main", "claim", 1, "refused", {})
LOST: LabelRow = ("main", "", DROPPED, "", {})


@pytest.fixture
def writer(tmp_path: Path) -> HistoryWriter:
    made = HistoryWriter(tmp_path)
    made.manifest(MANIFEST)
    return made


def record(number: int, ended_s: float, label: int) -> bytes:
    return op_record(number, number, round(ended_s * 1e6) - 1000, 0, 1000, label)


def test_operations_of_several_processes_come_in_the_order_of_their_ends(
    writer: HistoryWriter, tmp_path: Path
) -> None:
    first, second = writer.shard(1), writer.shard(2)
    first.labels([OK, FAILED])
    second.labels([FAILED])
    second.labels([OK])
    first.ops(record(2, 1.0, 0) + record(5, 3.0, 1))
    second.ops(record(3, 2.0, 0))
    second.ops(record(6, 4.0, 1) + record(9, 0.5, 1))
    first.values([(2, {"job": "a"})])
    writer.op(op(1, due=1.5))
    writer.end(ENDED)
    writer.close()
    history = read_history(tmp_path)
    assert history.problems == ()
    assert [one.number for one in history.ops] == [9, 2, 1, 3, 5, 6]
    failed = [one.number for one in history.ops if one.outcome is Ended.FAIL]
    assert failed == [3, 5]
    assert [one.error for one in history.ops][3:5] == ["refused", "refused"]
    assert history.ops[1].value == {"job": "a"}
    assert history.ops[1].tags == {"method": "GET"}
    table = table_of(history.ops)
    assert [len(table.labels), len(table)] == [3, 6], "labels of two processes are one"
    assert (table.numbered(1), table.numbered(5)) == (history.ops[2], history.ops[4])
    assert table.numbered(7) is None


def test_labels_of_the_engine_and_of_its_own_loads_do_not_mix(
    writer: HistoryWriter, tmp_path: Path
) -> None:
    writer.op(op(1, name="prepare"))
    writer.shard(0).labels([OK])
    writer.shard(0).ops(record(2, 2.0, 0))
    writer.op(op(3, name="finish"))
    writer.close()
    assert [one.name for one in read_history(tmp_path).ops] == ["prepare", "claim", "finish"]


def test_arrivals_that_nobody_began_are_drops_by_when_they_were_due(
    writer: HistoryWriter, tmp_path: Path
) -> None:
    for index, due in ((1, 3.0), (2, 1.5)):
        shard = writer.shard(index)
        shard.labels([OK, LOST])
        shard.ops(record(index, 2.0, 0) + op_record(index + 2, 0, round(due * 1e6), 0, 0, 1))
    writer.end(ENDED)
    writer.close()
    history = read_history(tmp_path)
    assert history.problems == ()
    assert history.drops == [Drop("main", 1.5), Drop("main", 3.0)]
    assert [one.number for one in history.ops] == [1, 2]


def test_a_lost_tail_and_a_lost_file_of_one_process_are_noticed(
    writer: HistoryWriter, tmp_path: Path
) -> None:
    for index in (1, 2):
        writer.shard(index).labels([OK])
        writer.shard(index).ops(record(index, 2.0, 0) + record(index + 2, 3.0, 0))
    writer.end(ENDED)
    writer.close()
    whole = (tmp_path / "ops.1.bin").read_bytes()
    (tmp_path / "ops.1.bin").write_bytes(whole[:28])
    assert read_history(tmp_path).problems == ("ops.1.bin holds 1 of 2 records",)
    (tmp_path / "ops.1.bin").write_bytes(whole)
    (tmp_path / "ops.2.bin").unlink()
    assert read_history(tmp_path).problems == ("ops.2.bin holds 0 of 2 records",)


def test_a_chunk_of_torn_records_is_refused_whole(writer: HistoryWriter, tmp_path: Path) -> None:
    shard = writer.shard(1)
    shard.labels([OK])
    with pytest.raises(ValueError, match="whole records of 28 bytes, found 55 bytes"):
        shard.ops(record(1, 1.0, 0) + record(2, 1.0, 0)[:-1])
    with pytest.raises(ValueError, match="outcome from 0 to 3, found 4"):
        shard.labels([("main", "x", 4, "", {})])
    writer.close()
    history = read_history(tmp_path)
    assert (history.ops, history.problems) == ([], ())


def test_a_hole_in_a_file_is_no_operation(writer: HistoryWriter, tmp_path: Path) -> None:
    writer.shard(0).labels([OK])
    writer.shard(0).ops(record(1, 1.0, 0))
    writer.close()
    with (tmp_path / "ops.bin").open("ab") as file:
        file.truncate(3 * 28)
    history = read_history(tmp_path)
    assert [one.number for one in history.ops] == [1]
    assert history.problems == (
        "ops.bin:2: unreadable as an operation", "ops.bin:3: unreadable as an operation",
    )  # fmt: skip


def test_foreign_files_are_no_processes(writer: HistoryWriter, tmp_path: Path) -> None:
    writer.close()
    for name in ("ops.x.bin", "ops.01.bin", "ops.-1.bin", "ops.1.bin.bak", "ops.0.bin"):
        (tmp_path / name).write_bytes(b"x")
    assert read_history(tmp_path).problems == ()


def test_a_process_records_how_its_load_stands(writer: HistoryWriter, tmp_path: Path) -> None:
    writer.shard(1).load(LoadRecord("main", 1.0, waited=3))
    writer.close()
    assert read_history(tmp_path).loads == (LoadRecord("main", 1.0, waited=3),)


def slice_of(sort: MetricSort, start: float, value: float, metric: str = "m") -> MetricSlice:
    return MetricSlice(metric, sort, "main", start, 1, value, value, value, value)


def test_metrics_of_several_processes_are_put_together(
    writer: HistoryWriter, tmp_path: Path
) -> None:
    counter, gauge = MetricSort.COUNTER, MetricSort.GAUGE
    writer.shard(1).metrics([slice_of(counter, 0.0, 2.0), slice_of(counter, 0.25, 1.0)])
    writer.shard(2).metrics([slice_of(counter, 0.25, 5.0)])
    writer.shard(1).metrics([slice_of(gauge, 0.0, 4.0, "vus"), slice_of(gauge, 0.5, 9.0, "vus")])
    writer.shard(2).metrics([slice_of(gauge, 0.25, 3.0, "vus")])
    writer.shard(1).metrics([slice_of(gauge, 0.0, 4.0, "depth")])
    writer.shard(2).metrics([slice_of(gauge, 0.0, 3.0, "depth")])
    writer.end(ENDED)
    writer.close()
    history = read_history(tmp_path)
    assert history.problems == ()
    told = [(one.metric, one.start, one.total, one.last) for one in history.metrics]
    assert [one for one in told if one[0] == "m"] == [("m", 0.0, 2.0, 2.0), ("m", 0.25, 6.0, 5.0)]
    assert [one[1:4:2] for one in told if one[0] == "vus"] == [(0.0, 4.0), (0.25, 7.0), (0.5, 12.0)]
    assert [one for one in told if one[0] == "depth"] == [("depth", 0.0, 7.0, 3.0)]


series = st.sampled_from(["a", "b"])
shards = st.integers(0, 2)
figures = st.floats(0, 100, allow_subnormal=False)
buckets = st.dictionaries(st.integers(-50, 50), st.integers(1, 9), max_size=3)
slices = st.builds(
    lambda name, tag, slot, count, value, counts: MetricSlice(
        name, MetricSort.TREND, "main", slot / 4, count, value * count, value / 2, value, value,
        {"t": tag}, counts,
    ),
    series, series, st.integers(0, 4), st.integers(1, 5), figures, buckets,
)  # fmt: skip


@given(st.lists(st.tuples(shards, slices), max_size=20))
def test_slices_of_the_same_series_and_time_are_one(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, MetricSlice]]
) -> None:
    directory = tmp_path_factory.mktemp("run")
    writer = HistoryWriter(directory)
    writer.manifest(MANIFEST)
    for shard, one in written:
        writer.shard(shard).metrics([one])
    writer.end(ENDED)
    writer.close()
    history = read_history(directory)
    assert history.problems == ()
    together: dict[tuple[str, str, float], list[MetricSlice]] = {}
    for _, one in sorted(written, key=lambda pair: pair[0]):
        together.setdefault((one.metric, one.tags["t"], one.start), []).append(one)
    assert len(history.metrics) == len(together)
    assert [one.start for one in history.metrics] == sorted(one.start for one in history.metrics)
    for got in history.metrics:
        parts = together[got.metric, got.tags["t"], got.start]
        counts: Counter[int] = Counter()
        for one in parts:
            counts.update(one.buckets)
        assert (got.count, got.buckets) == (sum(one.count for one in parts), dict(counts))
        assert got.total == pytest.approx(sum(one.total for one in parts))
        assert got.lowest == min(one.lowest for one in parts)
        assert (got.highest, got.last) == (max(one.highest for one in parts), parts[-1].last)
    for metric in metric_names(history.metrics):
        named = [one for one in history.metrics if one.metric == metric]
        assert list(slices_named(history.metrics, metric)) == named
        assert slices_named(list(history.metrics), metric) == named
        assert list(history.metrics[1:]) == list(history.metrics)[1:]
    assert set(metric_names(history.metrics)) == set(metric_names(list(history.metrics)))
