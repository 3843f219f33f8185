"""The load on the page: three latencies by name, its lanes, and where thresholds looked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from hormesis.record.load_table import load_table
from hormesis.reports.html import Html
from hormesis.reports.markdown import Markdown
from hormesis.reports.page.load_lanes import INTERVALS_MAX, threshold_rows, wants_log
from hormesis.reports.page.load_section import ROWS_MAX
from hormesis.reports.page.operation_lanes import operation_lanes
from hormesis.reports.parts.load_sentences import arrival_sentences
from hormesis.words.check import RunVerdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.load_sample import FROZEN, LASTS_S, SLOW, load_run
from tests.unit.reports.runs import EMPTY
from tests.unit.reports.sample import sample_run

Model = dict[str, Any]


def page(run: Judged) -> str:
    text = Html().render("t", [run]).decode()
    return re.sub(r'(<script type="application/gzip"[^>]*>)[^<]*', r"\1", text)


def model(run: Judged) -> Model:
    found = re.search(r'<script type="application/json" id="run-1-data">(.*?)</script>', page(run))
    assert found is not None
    made: Model = json.loads(found[1], parse_constant=pytest.fail)
    return made


def section(run: Judged) -> str:
    found = re.search(r"<h3>Load</h3>(.*?)<h3>", page(run), re.S)
    assert found is not None
    return found[1]


def test_each_latency_is_explained_beside_the_table() -> None:
    told = section(load_run())
    for name in ("response", "service", "lag"):
        assert f"<dt>{name}</dt>" in told
    assert "how long it waited on our side" in told


def test_every_name_has_a_row_and_all_together_too() -> None:
    told = section(load_run())
    table = re.findall(r'<div class="frame phases load-table">.*?</table>', told, re.S)[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)[1:]
    names = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]
    assert [one[:2] for one in names[:-1]] == [
        ["GET", "/"], ["GET", "/search"], ["POST", "/cart"], ["POST", "/order"]
    ]  # fmt: skip
    assert names[-1][:2] == ["all", "together"]


def test_checks_of_the_load_and_the_generator_are_told() -> None:
    told = re.sub(r"<[^>]+>", " ", section(load_run()))
    assert "status is 200" in told
    assert "shop › search" in told
    assert "2 processes" in told
    assert "busiest stretch 31 % of a core" in told


def test_a_run_without_load_has_no_such_section() -> None:
    assert "<h3>Load</h3>" not in page(EMPTY)


def test_a_run_of_load_alone_says_nothing_of_faults() -> None:
    alone = replace(load_run(), history=replace(load_run().history, faults=()))
    assert "Faults and their proof" not in page(alone)
    assert "This run has no fault tracks." in page(EMPTY)


def test_many_names_are_cut_and_counted() -> None:
    ops = [Op(n, "l", f"/item/{n}", 1, n / 10, n / 10, n / 10 + 0.1, Ended.OK) for n in range(80)]
    told = section(Judged("r", History({}, ops), RunVerdict(Outcome.PASS, "", ())))
    assert told.count("/item/") == ROWS_MAX
    assert "and 30 more names" in told


def test_what_is_in_no_percentile_is_said() -> None:
    table = load_table(load_run().history)
    told = " ".join(arrival_sentences(table))
    assert "263 arrivals found no free user" in told
    assert "6 arrivals nobody ever began" in told
    assert arrival_sentences(replace(table, dropped=0, waited=0)) == []
    assert "nobody knows" in " ".join(arrival_sentences(replace(table, dropped=10**6)))


def test_the_lanes_show_the_freeze() -> None:
    load = model(load_run())["load"]
    at = next(n for n, time in enumerate(load["flow"]["t"]) if time > FROZEN[0] + 2)
    assert load["flow"]["done"][at] == 0
    assert max(load["flow"]["done"]) > 100
    assert max(load["users"]["v"]) == 90
    assert load["generator"]["lag"][at] > 1000
    assert load["errors"]["names"] == ["http-503", "timeout", "reset"]
    assert sum(map(sum, load["heat"]["z"])) == len(load_run().history.ops)
    assert len(load["heat"]["ms"]) == len(load["heat"]["z"]) + 1


def test_the_lanes_are_bounded_however_long_the_last_answer_took() -> None:
    ops = [Op(n, "l", "n", 1, n / 10, n / 10, n / 10 + 0.1, Ended.OK) for n in range(300)]
    ops.append(Op(300, "l", "n", 1, 29.0, 29.0, 90_000.0, Ended.INFO, "timeout"))
    lanes = operation_lanes(History({}, ops))
    assert len(lanes["load"]["flow"]["t"]) <= INTERVALS_MAX


def test_thresholds_are_drawn_where_they_looked() -> None:
    rows = threshold_rows(load_run())
    assert [row["word"] for row in rows] == ["kept", "crossed", "kept", "unknown"]
    assert rows[0]["bars"] == [[0.0, pytest.approx(FROZEN[0], abs=0.1)]]
    assert rows[1]["bars"] == [[0.0, LASTS_S]]
    assert rows[2]["bars"] == [[LASTS_S - 5, LASTS_S]]
    assert SLOW[1] < LASTS_S - 5


def test_a_window_of_a_fault_that_never_came_has_no_bar() -> None:
    run = replace(load_run(), history=replace(load_run().history, faults=()))
    assert threshold_rows(run)[0]["bars"] == []


def test_the_axis_is_logarithmic_where_one_scale_would_hide_the_usual() -> None:
    assert wants_log(operation_lanes(load_run().history)["response"])
    assert not wants_log({"p50": [10.0, 11.0], "p99": [30.0, 40.0]})
    assert not wants_log(None)
    assert 'aria-pressed="true"' in page(load_run())


def test_markdown_has_the_same_table_short() -> None:
    told = Markdown().render("t", [load_run()]).decode()
    assert "| GET / | 1\u202f631 |" in told
    assert "| **all** |" in told
    assert "263 arrivals found no free user" in told
    assert "Service p95" in Markdown().render("t", [sample_run()]).decode()
