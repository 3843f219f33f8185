"""The summary: k6's shape, true figures, and one meaning of a threshold's ``ok``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hormesis.record.k6_values import TREND_STATS
from hormesis.reports.summary_json import SummaryJson
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.load_sample import load_run
from tests.unit.reports.sample import make_ops, sample_suite


def summary(*runs: Judged) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(SummaryJson().render("nightly", runs))
    return made


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return summary(load_run())


def threshold(check: str, outcome: Outcome, **stored: str) -> Judged:
    """Return a run with one threshold, and a name of its own if *stored* has one."""
    manifest = {"checks": [{"kind": "threshold", "fields": stored}]} if stored else {}
    verdict = RunVerdict(outcome, "", (Verdict(check, "threshold", outcome, "found"),))
    return Judged("r", replace(load_run().history, manifest=manifest), verdict)


def test_has_the_four_parts_of_k6_and_one_of_its_own(told: dict[str, Any]) -> None:
    assert list(told) == ["root_group", "options", "state", "metrics", "hormesis"]
    assert told["options"] == {"summaryTrendStats": list(TREND_STATS), "summaryTimeUnit": "ms",
                               "noColor": False}  # fmt: skip
    assert told["state"]["testRunDurationMs"] == 61_000


def test_every_metric_has_k6s_fields(told: dict[str, Any]) -> None:
    values = {"trend": set(TREND_STATS), "counter": {"count", "rate"},
              "rate": {"rate", "passes", "fails"}, "gauge": {"value", "min", "max"}}  # fmt: skip
    for name, one in told["metrics"].items():
        assert set(one) - {"thresholds"} == {"type", "contains", "values"}, name
        assert set(one["values"]) == values[one["type"]], name


def test_duration_counts_from_the_due_time_and_service_from_the_send(
    told: dict[str, Any],
) -> None:
    metrics = told["metrics"]
    ops = load_run().history.ops
    duration, service, lag = (
        metrics[name]["values"] for name in ("http_req_duration", "http_req_service", "lag")
    )
    assert duration["max"] == pytest.approx(1000 * max(op.response_s for op in ops))
    assert service["max"] == pytest.approx(1000 * max(op.service_s for op in ops))
    assert lag["max"] == pytest.approx(1000 * max(op.lag_s for op in ops))
    assert duration["p(95)"] > 10 * service["p(95)"], "the freeze is not hidden by those waiting"
    assert metrics["http_req_duration"]["contains"] == "time"


def test_counts_are_those_of_the_record(told: dict[str, Any]) -> None:
    history, metrics = load_run().history, told["metrics"]
    failed = sum(op.outcome.value != "ok" for op in history.ops)
    count = len(history.ops)
    assert metrics["http_reqs"]["values"] == {"count": count, "rate": pytest.approx(count / 60)}
    rate = metrics["http_req_failed"]["values"]
    assert (rate["passes"], rate["fails"]) == (failed, len(history.ops) - failed)
    assert metrics["dropped_iterations"]["values"]["count"] == len(history.drops) > 0
    assert metrics["waited_iterations"]["values"]["count"] == history.loads[0].waited
    assert metrics["vus"]["values"] == {"value": pytest.approx(14, abs=3), "min": 12, "max": 90}
    assert metrics["data_received"]["contains"] == "data"
    assert metrics["http_req_waiting"]["values"]["max"] > 5000, "milliseconds"


def test_a_metric_of_the_users_keeps_its_own_unit(told: dict[str, Any]) -> None:
    basket = told["metrics"]["basket_value"]
    assert basket["contains"] == "default"
    assert 5 <= basket["values"]["min"] < basket["values"]["med"] < basket["values"]["max"] <= 80


def test_checks_stand_in_their_groups(told: dict[str, Any]) -> None:
    root = told["root_group"]
    assert (root["name"], root["path"]) == ("", "")
    assert root["id"] == "d41d8cd98f00b204e9800998ecf8427e", "k6's for the empty path"
    (check,) = root["checks"]
    assert check["path"] == "::status is 200"
    assert check["passes"] + check["fails"] == told["metrics"]["http_reqs"]["values"]["count"]
    (shop,) = root["groups"]
    (search,) = shop["groups"]
    assert (search["name"], search["path"]) == ("search", "::shop::search")
    assert search["checks"][0]["path"] == "::shop::search::has a price"
    assert shop["checks"] == []


def test_a_threshold_is_told_at_its_metric_and_true_means_kept(told: dict[str, Any]) -> None:
    metrics = told["metrics"]
    assert metrics["http_req_duration"]["thresholds"] == {"p(95)<200 before freeze": {"ok": True}}
    assert metrics["http_req_failed"]["thresholds"] == {
        "rate<0.01 after slow last 5s": {"ok": True}
    }
    assert metrics["checks"]["thresholds"] == {"rate>0.99": {"ok": None}}


def test_a_threshold_with_tags_has_a_submetric_of_its_own(told: dict[str, Any]) -> None:
    one = told["metrics"]["http_req_duration{name:/order}"]
    assert one["thresholds"] == {"p(95)<500": {"ok": False}}
    orders = [op for op in load_run().history.ops if op.name == "/order"]
    assert one["values"]["count"] == len(orders)
    assert one["values"]["max"] == pytest.approx(1000 * max(op.response_s for op in orders))


@pytest.mark.parametrize(
    ("outcome", "ok"), [(Outcome.PASS, True), (Outcome.FAIL, False), (Outcome.UNKNOWN, None)]
)
def test_a_threshold_under_a_name_of_its_own_is_told_by_its_claim(
    outcome: Outcome, ok: bool | None
) -> None:
    run = threshold("fast enough", outcome, name="fast enough",
                    expression="200ms < http_req_duration p(95) < 2s", during="freeze")  # fmt: skip
    one = summary(run)["metrics"]["http_req_duration"]["thresholds"]
    assert one == {"200ms < p(95) < 2s during freeze": {"ok": ok}}


def test_a_claim_in_words_is_told_beside_the_metrics() -> None:
    told = summary(threshold("exactly one wins", Outcome.PASS))
    (one,) = told["hormesis"]["thresholds"]
    assert (one["check"], one["ok"], one["metric"]) == ("exactly one wins", True, "")
    assert "" not in told["metrics"]


def test_the_worst_of_several_runs_decides_a_threshold() -> None:
    runs = [threshold("http_reqs count > 5", one) for one in (Outcome.PASS, Outcome.UNKNOWN)]
    assert summary(*runs)["metrics"]["http_reqs"]["thresholds"]["count > 5"]["ok"] is None
    runs.append(threshold("http_reqs count > 5", Outcome.FAIL))
    assert summary(*runs)["metrics"]["http_reqs"]["thresholds"]["count > 5"]["ok"] is False


def test_a_suite_tells_all_together_and_each_run() -> None:
    told = summary(*sample_suite())
    each = told["hormesis"]["scenarios"]
    assert list(each) == [run.name for run in sample_suite()]
    count = told["metrics"]["http_reqs"]["values"]["count"]
    assert count == sum(one["metrics"]["http_reqs"]["values"]["count"] for one in each.values())
    assert "scenarios" not in next(iter(each.values()))["hormesis"]


def test_dropped_arrivals_are_in_no_trend_but_told_beside_it(told: dict[str, Any]) -> None:
    with_them = told["hormesis"]["with_dropped"]
    assert with_them["p(95)"] > told["metrics"]["http_req_duration"]["values"]["p(95)"]
    full = load_run().history
    half = replace(full, loads=[replace(full.loads[0], dropped=len(full.ops))])
    lost = summary(replace(load_run(), history=half))
    assert lost["hormesis"]["with_dropped"] == {"p(90)": None, "p(95)": None, "p(99)": None}
    trend = "http_req_duration"
    assert lost["metrics"][trend]["values"] == told["metrics"][trend]["values"]


def test_without_samples_a_figure_is_null_and_never_zero() -> None:
    history = History({}, loads=[LoadRecord("l", 0.0, 1.0)], end={"time": 1.0})
    told = summary(Judged("r", history, RunVerdict(Outcome.UNKNOWN, "", ())))
    values = told["metrics"]["http_req_duration"]["values"]
    assert values == {**dict.fromkeys(TREND_STATS), "count": 0}
    assert told["metrics"]["http_req_failed"]["values"]["rate"] is None


def test_by_name_tells_three_latencies(told: dict[str, Any]) -> None:
    rows = told["hormesis"]["by_name"]
    assert [row["name"] for row in rows] == ["/", "/search", "/cart", "/order"]
    for row in rows:
        assert row["response"]["p(99)"] >= row["service"]["p(99)"]
        assert row["lag"]["count"] == row["count"]


def test_thousands_of_names_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hormesis.reports.summary_json.NAMES_MAX", 3)
    told = summary(load_run())["hormesis"]
    assert (len(told["by_name"]), told["names_left_out"]) == (3, 1)


def test_what_prepares_is_no_load() -> None:
    from random import Random

    ops = [replace(op, load="prepare") for op in make_ops(Random(1), 2, 10, 12)]
    run = Judged("r", History({}, ops), RunVerdict(Outcome.UNKNOWN, "", ()))
    assert summary(run)["metrics"]["http_reqs"]["values"]["count"] == 0
