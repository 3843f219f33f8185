"""What was recorded can be read by other programs, with every row and unit."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import pytest

from hormesis.record.export import export_run
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.op_record import DROPPED, op_record
from hormesis.words.history import Phase
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended
from hormesis.words.trouble import CapabilityTrouble, InputTrouble, UsageTrouble
from tests.unit.record.histories import ENDED, MANIFEST, fault, look, op

TABLES = ["ops", "drops", "metrics", "probes", "faults"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    directory.mkdir()
    writer = HistoryWriter(directory)
    writer.manifest(MANIFEST)
    writer.phase(Phase("starting", 0.0))
    writer.phase(Phase("tracks", 1.0))
    writer.fault(fault("pause", 20.0, 30.0))
    writer.fault(fault("kill", 25.0, 40.0))
    writer.op(op(1, due=0.5, load="prepare"))
    writer.op(op(2, due=20.0, took=0.3, value={"job": "ä", "n": 1}))
    writer.op(op(3, due=26.0, lag=0.1, took=0.2, outcome=Ended.FAIL, error='x\ud800,\n"y'))
    shard = writer.shard(1)
    shard.labels([("main", "", DROPPED, "", {})])
    shard.ops(op_record(9, 0, 35_000_000, 0, 0, 0))
    shard.metrics(
        [
            MetricSlice("think", MetricSort.TREND, "main", 1.25, 2, 3.0, 1.0, 2.0, 2.0,
                        {"page": "a"}, {0: 1, 35: 1}),
            MetricSlice("bytes", MetricSort.COUNTER, "main", 1.25, 2, 3.0, 1.0, 2.0, 2.0),
        ]
    )  # fmt: skip
    writer.probe(look(2.0, rows=({"job": "a"},)))
    writer.probe(look(3.0, "too late", reason=""))
    writer.end(ENDED)
    writer.close()
    return directory


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    parquet = pytest.importorskip("pyarrow.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_row_comes_out_with_units(run: Path, tmp_path: Path, form: Any) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    paths = export_run(run, tmp_path / "a" / "b", form)
    assert [path.name for path in paths] == [f"{name}.{form}" for name in TABLES]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(
        path.name for path in paths
    )
    ops, drops, metrics, probes, faults = (rows_of(path) for path in paths)
    assert [float(row["due_s"]) for row in ops] == [0.5, 20.0, 26.0]
    assert [float(row["response_s"]) for row in ops] == [0.01, 0.3, 0.3]
    assert [float(row["service_s"]) for row in ops] == [0.01, 0.3, 0.2]
    assert [row["phase"] for row in ops] == ["starting", "tracks", "tracks"]
    assert [row["faults"] for row in ops] == ["", "pause", "pause,kill"]
    assert [row["outcome"] for row in ops] == ["ok", "ok", "fail"]
    assert ops[2]["error"] == 'x\\ud800,\n"y'
    assert ops[1]["value"] == '{"job":"\\u00e4","n":1}'
    assert ops[0]["value"] in ("", None)
    assert [(row["load"], float(row["due_s"]), row["faults"]) for row in drops] == [
        ("main", 35.0, "kill")
    ]
    assert [row["metric"] for row in metrics] == ["think", "bytes"]
    assert float(metrics[0]["p95"]) == pytest.approx(2.0, rel=0.01)
    assert metrics[1]["p95"] in ("", None)
    assert [str(row["good"]) for row in probes] == ["True", "False"]
    assert float(faults[1]["injected_s"]) == 25.0


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_run_of_nothing_gives_empty_tables(tmp_path: Path, form: Any) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow")
    writer = HistoryWriter(tmp_path)
    writer.manifest(MANIFEST)
    writer.close()
    paths = export_run(tmp_path, tmp_path / "to", form)
    assert [rows_of(path) for path in paths] == [[]] * 5


def test_what_cannot_be_done_is_said(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputTrouble, match=r"manifest\.json"):
        export_run(tmp_path, tmp_path / "to", "csv")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageTrouble, match="cannot write the tables"):
        export_run(run, tmp_path / "file", "csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CapabilityTrouble, match="pyarrow"):
        export_run(run, tmp_path / "to", "parquet")
