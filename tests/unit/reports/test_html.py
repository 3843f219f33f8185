"""The page: one file, complete without charts, small and quick."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from random import Random
from time import perf_counter

import pytest

from hormesis.reports.html import Html
from hormesis.reports.page import chart_library
from hormesis.reports.page.chart_library import packed_chart_library
from hormesis.reports.page.operation_lanes import operation_lanes
from hormesis.reports.page.probe_lanes import POINTS_MAX, STRETCHES_MAX
from hormesis.reports.page.timeline_model import timeline_model
from hormesis.words.history import History, Phase, ProbeRecord
from hormesis.words.judging import judge_run
from hormesis.words.report import Judged
from tests.unit.reports.runs import hostile_run
from tests.unit.reports.sample import make_ops, sample_run, sample_suite

SIZE_MAX = 6_000_000
VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
SVG_LEAVES = frozenset({"path", "line", "rect", "polyline"})


class Outline(HTMLParser):
    """Collects elements and whether every one that was opened was closed again."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert not [name for name in found if name.startswith("on")], "no inline handlers"
        assert tag not in ("img", "iframe", "object"), "nothing that could load"
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []
        self.sources += [found[name] or "" for name in ("src", "srcset") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_LEAVES

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def no_plotly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(chart_library, "find_spec", lambda name: None)
    packed_chart_library.cache_clear()
    yield
    packed_chart_library.cache_clear()


def page(*runs: Judged) -> str:
    return Html().render("nightly", runs).decode()


def without_library(text: str) -> str:
    return re.sub(r'(<script type="application/gzip"[^>]*>)[^<]*', r"\1", text)


def models_of(text: str) -> list[dict[str, object]]:
    found = re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', text, re.S)
    return [json.loads(one, parse_constant=pytest.fail) for one in found]


@pytest.mark.parametrize("runs", [sample_suite(), [sample_run()], [hostile_run()]],
                         ids=["suite", "single", "hostile"])  # fmt: skip
def test_is_well_formed_and_links_only_inside_itself(runs: Sequence[Judged]) -> None:
    text = without_library(page(*runs))
    outline = Outline()
    outline.feed(text)
    outline.close()
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link.removeprefix("#") in outline.ids for link in outline.links)
    assert outline.sources == []


def test_a_few_bad_moments_in_a_long_flapping_run_stay_visible() -> None:
    probes = [ProbeRecord("p", float(n), {"value": 1}, "gone" * (n % 2), "down" * (n in (8, 900)),
                          True) for n in range(2000)]  # fmt: skip
    history = History({}, probes=probes, end={"time": 2000.0, "reason": "completed"})
    (strip,) = timeline_model(history, {"response": None, "rate": None})["strips"]
    bad = [one for one in strip["stretches"] if one["state"] == "bad"]
    assert all(one["from"] <= moment < one["to"] for one, moment in zip(bad, (8, 900), strict=True))


def test_loads_nothing_from_anywhere() -> None:
    text = without_library(page(*sample_suite()))
    assert not re.search(r"https?://|@import|url\(", text)


def test_a_suite_of_twelve_is_small_enough() -> None:
    assert len(Html().render("nightly", sample_suite())) < SIZE_MAX


def test_fifty_thousand_operations_take_less_than_three_seconds() -> None:
    ops = make_ops(Random(1), 500, 100, 12)
    assert len(ops) == 50_000
    history = History({}, ops, phases=[Phase("tracks", 0.0)],
                      end={"time": 500.0, "reason": "completed"})  # fmt: skip
    run = Judged("many", history, judge_run(history, ()))
    packed_chart_library()
    before = perf_counter()
    text = Html().render("many", [run])
    assert perf_counter() - before < 3
    assert len(text) < SIZE_MAX


def test_no_series_has_more_points_than_allowed() -> None:
    probes = [ProbeRecord("flapping", n / 10, {"value": n % 7}, "", "bad" * (n % 2), True)
              for n in range(9000)]  # fmt: skip
    history = History({}, make_ops(Random(2), 900, 20, 12), probes=probes,
                      end={"time": 900.0, "reason": "completed"})  # fmt: skip
    model = timeline_model(history, operation_lanes(history))
    assert len(model["response"]["t"]) <= POINTS_MAX
    assert len(model["lines"][0]["t"]) <= POINTS_MAX
    (strip,) = model["strips"]
    assert len(strip["stretches"]) <= POINTS_MAX
    assert max(model["lines"][0]["v"]) == 6, "thinning keeps the extremes"


def test_what_was_bad_is_never_left_out_to_save_room() -> None:
    probes = [ProbeRecord("p", float(n), {"value": 1}, "", "down" * (n % 2), True)
              for n in range(2000)]  # fmt: skip
    history = History({}, probes=probes, end={"time": 2000.0, "reason": "completed"})
    (strip,) = timeline_model(history, {"response": None, "rate": None})["strips"]
    bad = [one for one in strip["stretches"] if one["state"] == "bad"]
    assert sum(one["to"] - one["from"] for one in bad) >= 1000
    assert len(strip["stretches"]) <= STRETCHES_MAX


def test_the_chart_shows_what_was_recorded() -> None:
    (model,) = models_of(page(sample_run()))
    faults = model["faults"]
    assert isinstance(faults, list)
    assert [row["name"] for row in faults] == ["slow-network", "partition"]
    assert faults[1]["bars"][0]["times"] == [38, 38.012, 39.1, 56, 65.4]
    strips = {strip["name"]: strip for strip in model["strips"]}  # type: ignore[attr-defined]
    states = {one["state"] for one in strips["health"]["stretches"]}
    assert states == {"good", "bad", "absent"}
    assert [one["state"] for one in strips["server"]["stretches"]] == ["up", "down", "up"]
    assert {one["state"] for one in strips["server"]["marks"]} == {"exit", "started"}


def test_findings_are_cut_after_twenty() -> None:
    text = page(*sample_suite())
    assert "Job job-443 claimed" in text
    assert "Job job-450 claimed" not in text
    assert "and 7 more findings" in text


def test_a_scaled_run_says_so() -> None:
    text = page(*sample_suite())
    assert text.count("scaled: every duration × 0.2") == 1


def test_replays_with_the_exact_command() -> None:
    assert 'data-copy="hormesis run jobs/j-chaos-3.yaml --seed 7"' in page(sample_run())


@pytest.mark.usefixtures("no_plotly")
def test_without_plotly_everything_else_is_there() -> None:
    text = page(*sample_suite())
    assert "pip install &#x27;hormesis[report]&#x27;" in text
    assert "chart-library" not in text
    for told in ("recovers after partition", "Before, during, after", "Can this be trusted?"):
        assert told in text
