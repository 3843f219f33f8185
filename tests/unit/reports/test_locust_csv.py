"""Locust's files: its headers, true percentiles, and everything until the last second."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from hormesis.reports.locust_csv import LocustCsv
from hormesis.words.check import RunVerdict
from hormesis.words.history import History, LoadRecord, Note
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.load_sample import load_run
from tests.unit.reports.runs import EMPTY

PERCENTS = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
HEADS = {
    "locust_stats.csv": "Type,Name,Request Count,Failure Count,Median Response Time,Average "
    "Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,"
    f"Failures/s,{PERCENTS}",
    "locust_stats_history.csv": "Timestamp,User Count,Type,Name,Requests/s,Failures/s,"
    f"{PERCENTS},Total Request Count,Total Failure Count,Total Median Response Time,Total Average "
    "Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size",
    "locust_failures.csv": "Method,Name,Error,Occurrences,First Seen,Last Seen",
    "locust_exceptions.csv": "Count,Message,Traceback,Nodes",
}


def files(*runs: Judged) -> dict[str, str]:
    return {name: text.decode() for name, text in LocustCsv().files("t", runs).items()}


def rows(run: Judged, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(run)[f"locust_{name}.csv"])))


def run_of(*ops: Op, **more: object) -> Judged:
    history = History({"started_wall": 1_000_000.0}, ops, **more)  # type: ignore[arg-type]
    return Judged("r", history, RunVerdict(Outcome.PASS, "", ()))


def op(number: int, due: float, took: float, *, lag: float = 0.0, error: str = "",
       name: str = "/", method: str = "GET") -> Op:  # fmt: skip
    outcome = Ended.FAIL if error else Ended.OK
    return Op(number, "l", name, 1, due, due + lag, due + lag + took, outcome, error, {},
              {"method": method} if method else {})  # fmt: skip


@pytest.mark.parametrize("run", [load_run(), EMPTY], ids=["full", "empty"])
def test_the_headers_are_locusts(run: Judged) -> None:
    assert {name: text.split("\r\n")[0] for name, text in files(run).items()} == HEADS


def test_the_first_file_is_what_is_rendered_alone() -> None:
    assert LocustCsv().render("t", [load_run()]) == files(load_run())["locust_stats.csv"].encode()


def test_one_row_per_type_and_name_and_all_of_them_last() -> None:
    found = rows(load_run(), "stats")
    named = [(row["Type"], row["Name"]) for row in found]
    assert named == [("GET", "/"), ("GET", "/search"), ("POST", "/cart"), ("POST", "/order"),
                     ("", "Aggregated")]  # fmt: skip
    counts = [int(row["Request Count"]) for row in found]
    assert counts[-1] == sum(counts[:-1]) == len(load_run().history.ops)


def test_percentiles_are_exact_and_in_milliseconds() -> None:
    run = run_of(*(op(n, n / 100, n / 1000) for n in range(1, 1001)))
    row = rows(run, "stats")[-1]
    told = [float(row[head]) for head in PERCENTS.split(",")]
    assert told == [500, 660, 750, 800, 900, 950, 980, 990, 999, 1000, 1000]
    assert (row["Median Response Time"], row["Max Response Time"]) == ("500", "1000")


def test_response_times_count_from_when_operations_were_due() -> None:
    assert rows(run_of(op(1, 0.0, 0.1, lag=2.9)), "stats")[-1]["100%"] == "3000"


def test_a_microsecond_is_not_rounded_away() -> None:
    assert rows(run_of(op(1, 0.0, 0.000_412)), "stats")[-1]["50%"] == "0.412"


def test_the_history_has_a_row_for_each_second_and_ends_with_everything() -> None:
    found = rows(load_run(), "stats_history")
    ops = load_run().history.ops
    stamps = [int(row["Timestamp"]) for row in found]
    assert stamps == list(range(stamps[0], stamps[0] + len(found)))
    assert found[-1]["Total Request Count"] == str(len(ops))
    failed = sum(one.outcome is not Ended.OK for one in ops)
    assert found[-1]["Total Failure Count"] == str(failed)
    assert {row["Name"] for row in found} == {"Aggregated"}
    assert max(int(row["User Count"]) for row in found) == 90


def test_the_current_figures_are_of_the_last_ten_seconds() -> None:
    ops = [op(n, n, 0.9 if n < 10 else 0.1) for n in range(30)]
    found = rows(run_of(*ops), "stats_history")
    assert float(found[9]["100%"]) == pytest.approx(900, rel=0.01)
    assert float(found[29]["100%"]) == pytest.approx(100, rel=0.01)
    assert float(found[29]["Total Max Response Time"]) == pytest.approx(900)
    assert float(found[29]["Requests/s"]) == 1.0


def test_a_second_without_operations_has_no_percentiles() -> None:
    found = rows(run_of(op(1, 0.0, 0.1), op(2, 20.0, 0.1)), "stats_history")
    assert found[15]["95%"] == "N/A"
    assert float(found[15]["Requests/s"]) == 0.0
    assert found[15]["Total Request Count"] == "1"


def test_failures_tell_when_they_were_first_and_last_seen() -> None:
    ops = [op(1, 5.0, 1.0, error="http-503"), op(2, 1.0, 1.0, error="http-503"), op(3, 2.0, 1.0),
           op(4, 3.0, 0.5, error="timeout", name="/a", method="")]  # fmt: skip
    assert [tuple(row.values()) for row in rows(run_of(*ops), "failures")] == [
        ("GET", "/", "http-503", "2", "1970-01-12T13:46:42Z", "1970-01-12T13:46:46Z"),
        ("l", "/a", "timeout", "1", "1970-01-12T13:46:43Z", "1970-01-12T13:46:43Z"),
    ]


def test_what_a_load_noted_is_an_exception() -> None:
    told = (("warning", "l", "ValueError: no"), ("warning", "l", "ValueError: no"),
            ("warning", "engine", "other"), ("info", "l", "fine"))  # fmt: skip
    notes = [Note(1.0, *one) for one in told]
    (row,) = rows(run_of(loads=[LoadRecord("l", 0.0)], notes=notes), "exceptions")
    assert list(row.values()) == ["2", "ValueError: no", "", "l"]


def test_the_average_content_size_is_received_bytes_per_request() -> None:
    assert float(rows(load_run(), "stats")[-1]["Average Content Size"]) == pytest.approx(1200)


def test_a_size_that_nobody_knows_is_left_empty() -> None:
    found = rows(load_run(), "stats")
    assert {row["Average Content Size"] for row in found[:-1]} == {""}


def test_the_method_has_a_column_of_its_own() -> None:
    bad = op(1, 0.0, 0.1, error="http-503", name="POST /orders", method="POST")
    for name in ("stats", "failures"):
        assert list(rows(run_of(bad), name)[0].values())[:2] == ["POST", "/orders"]


def test_runs_together_share_their_rows() -> None:
    one, other = run_of(op(1, 0.0, 0.1)), run_of(op(1, 0.0, 0.3), op(2, 0.0, 0.3, name="/b"))
    text = files(one, replace(other, name="s"))["locust_stats.csv"]
    found = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Name"], row["Request Count"]) for row in found] == [
        ("/", "2"), ("/b", "1"), ("Aggregated", "3")
    ]  # fmt: skip
