"""Prometheus text: its own parser and ours read it, and it says what the record says."""

from __future__ import annotations

import pytest

from hormesis.host.prometheus_text import exposition, number, samples_of
from hormesis.record.exposition import Family, FamilySort, Sample
from hormesis.reports.prometheus import Prometheus
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.load_sample import load_run
from tests.unit.reports.runs import EMPTY, cut_off, hostile_run, nan_run
from tests.unit.reports.sample import sample_suite


def text(*runs: Judged) -> str:
    return Prometheus().render("t", runs).decode()


def test_counts_are_those_of_the_record() -> None:
    told = text(load_run())
    ops = load_run().history.ops
    assert sum(one.value for one in samples_of(told, "hormesis_operations_total")) == len(ops)
    counts = list(samples_of(told, "hormesis_response_seconds_count"))
    assert {one.labels["name"] for one in counts} == {"/", "/search", "/cart", "/order"}
    assert sum(one.value for one in counts) == len(ops)
    total = sum(one.value for one in samples_of(told, "hormesis_response_seconds_sum"))
    assert total == pytest.approx(sum(op.response_s for op in ops))
    (dropped,) = samples_of(told, "hormesis_dropped_arrivals_total")
    assert dropped.value == len(load_run().history.drops)


def test_buckets_grow_and_the_last_one_is_the_count() -> None:
    told = text(load_run())
    buckets = [one for one in samples_of(told, "hormesis_service_seconds_bucket")
               if one.labels["name"] == "/order"]  # fmt: skip
    values = [one.value for one in buckets]
    assert values == sorted(values)
    assert buckets[-1].labels["le"] == "+Inf"
    count = [one.value for one in samples_of(told, "hormesis_service_seconds_count")
             if one.labels["name"] == "/order"]  # fmt: skip
    assert values[-1] == count[0] > 0
    services = [op.service_s for op in load_run().history.ops if op.name == "/order"]
    fast = next(one.value for one in buckets if one.labels["le"] == "0.1")
    assert fast == sum(one <= 0.1 for one in services)


def test_the_outcome_of_the_run_and_of_every_check_is_told() -> None:
    told = text(load_run())
    outcomes = {
        one.labels["outcome"]: one.value for one in samples_of(told, "hormesis_run_outcome")
    }
    assert outcomes == {"pass": 0, "fail": 1, "unknown": 0}
    checks = {one.labels["check"]: one.labels["outcome"]
              for one in samples_of(told, "hormesis_check_outcome")}  # fmt: skip
    assert checks["checks rate>0.99"] == Outcome.UNKNOWN.value


def test_runs_of_a_suite_are_told_apart() -> None:
    told = text(*sample_suite())
    scenarios = {one.labels["scenario"] for one in samples_of(told, "hormesis_operations_total")}
    assert scenarios == {run.name for run in sample_suite()}
    assert told.count("# TYPE hormesis_operations_total") == 1


@pytest.mark.parametrize(
    "run", [load_run(), EMPTY, cut_off(), hostile_run(), nan_run()],
    ids=["full", "empty", "cut off", "hostile", "nan"],
)  # fmt: skip
def test_the_official_parser_reads_it(run: Judged) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(text(run)))
    names = [one.name for one in families]
    assert len(names) == len(set(names))
    for one in families:
        assert one.type in ("counter", "gauge", "histogram")
        assert one.documentation
        assert len({(s.name, *sorted(s.labels.items())) for s in one.samples}) == len(one.samples)
    told = next(one for one in families if one.name == "hormesis_run_info").samples[0].labels
    assert told["run"] == str(run.history.manifest.get("run") or "").encode(
        "utf-8", "replace").decode()  # fmt: skip


def test_what_could_end_a_label_or_a_line_is_escaped() -> None:
    odd = 'a"b\\c\nd'
    told = exposition([Family("x", FamilySort.GAUGE, "one\\two\nthree", [Sample({"l": odd}, 1)])])
    assert told == '# HELP x one\\\\two\\nthree\n# TYPE x gauge\nx{l="a\\"b\\\\c\\nd"} 1\n'
    (one,) = samples_of(told, "x")
    assert one.labels == {"l": odd}


def test_a_family_without_samples_is_left_out() -> None:
    assert exposition([Family("x", FamilySort.GAUGE, "told")]) == ""


@pytest.mark.parametrize(
    ("value", "told"),
    [(3.0, "3"), (0.25, "0.25"), (1e300, "1e+300"), (float("inf"), "+Inf"),
     (float("-inf"), "-Inf"), (float("nan"), "NaN")],
)  # fmt: skip
def test_numbers_are_written_as_the_format_wants(value: float, told: str) -> None:
    assert number(value) == told
