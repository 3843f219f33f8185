"""The page of a limit that was searched: the answer, a chart of the trials, and each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template
from typing import Any

from hormesis.reports.page.markup import Content, Markup, element, joined
from hormesis.reports.parts.wording import rate, share, span

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44
COLOURS = {"held": "#2e9d63", "broke": "#d64545", "saturated": "#d69a2d"}
_KEYS = {
    "found": "pass", "beyond": "pass", "below": "fail", "generator": "unknown", "unsure": "unknown",
}  # fmt: skip
WORDS = {"held": "held", "broke": "broke", "saturated": "the generator was the limit"}


def limit_page(data: Mapping[str, Any]) -> bytes:
    """Return one self-contained page about what ``limit.json`` holds."""
    page = Template(_asset("page.html")).substitute(
        title=joined(f"Limit · {data['title']}"),
        css=_asset("page.css"),
        body=joined(_body(data)),
        scripts="",
    )
    return page.encode("utf-8", errors="replace")


def _body(data: Mapping[str, Any]) -> Content:
    confidence = f"confidence {data['confidence']:.0%} that both ends are where they are"
    return [
        element("header", element("h1", str(data["title"]))),
        element(
            "main",
            element(
                "div",
                element(
                    "div",
                    element(
                        "div",
                        element("strong", str(data["sort"]).capitalize(), cls="word"),
                        element("p", str(data["answer"]), cls="reason"),
                        element("p", confidence, cls="reason"),
                    ),
                    cls=f"verdict-head {_KEYS[data['sort']]}",
                ),
                cls="verdict",
            ),
            element("section", element("h2", "Response p95 by rate"), _chart(data)),
            element("section", element("h2", "Every trial"), _table(data["trials"])),
        ),
        element("footer", "Times count from when a request was due; each trial is a run."),
    ]


def _chart(data: Mapping[str, Any]) -> Content:
    shown = [one for one in data["trials"] if one["p95_s"]]
    if not shown:
        return element("p", "No trial had an operation that ended.")
    across = _scale([one["rate"] for one in shown], LEFT, WIDTH - RIGHT)
    up = _scale([one["p95_s"] for one in shown], HEIGHT - BOTTOM, TOP)
    parts: list[Markup] = [*_bracket(data, across), *_axes(shown, across, up)]
    for one in shown:
        told = f"{one['rate']:,.4g}/s: p95 {span(one['p95_s'])}, {WORDS[one['ended']]}"
        parts.append(
            element(
                "circle", element("title", told), cx=_at(across(one["rate"])),
                cy=_at(up(one["p95_s"])), r=5, fill=COLOURS[one["ended"]], fill_opacity="0.8",
            )
        )  # fmt: skip
    legend = [
        element("span", element("span", "● ", style=f"color:{COLOURS[ended]}"), f"{word}  ")
        for ended, word in WORDS.items()
        if any(one["ended"] == ended for one in shown)
    ]
    drawing = element(
        "svg", parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", style="max-width:100%",
        aria_label="response p95 of every trial by its rate",
    )  # fmt: skip
    return [drawing, element("p", legend, cls="meta")]


def _bracket(data: Mapping[str, Any], across: Any) -> list[Markup]:
    low, high = data["low"], data["high"]
    if not low or not high:
        return []
    left, right = across(low["rate"]), across(high["rate"])
    return [
        element(
            "rect", x=_at(left), y=TOP, width=_at(max(2.0, right - left)),
            height=HEIGHT - TOP - BOTTOM, fill=COLOURS["broke"], fill_opacity="0.15",
        )
    ]  # fmt: skip


def _axes(shown: Sequence[Mapping[str, Any]], across: Any, up: Any) -> list[Markup]:
    frame = element(
        "path", d=f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}", fill="none",
        stroke="currentColor", stroke_opacity="0.4",
    )  # fmt: skip
    parts = [frame]
    for tick in _ticks([one["rate"] for one in shown]):
        parts.append(_text(f"{tick:,g}/s", across(tick), HEIGHT - BOTTOM + 18, "middle"))
    for seconds in _ticks([one["p95_s"] for one in shown]):
        parts.append(_text(span(seconds), LEFT - 8, up(seconds) + 4, "end"))
    return parts


def _text(told: str, x: float, y: float, anchor: str) -> Markup:
    return element(
        "text", told, x=_at(x), y=_at(y), text_anchor=anchor, font_size=12, fill="currentColor"
    )


def _scale(values: Sequence[float], begin: float, end: float) -> Any:
    """Return a logarithmic scale from *values* onto *begin* to *end*, with a margin."""
    low, high = math.log(min(values) / 1.2), math.log(max(values) * 1.2)
    return lambda value: begin + (math.log(value) - low) / (high - low) * (end - begin)


def _ticks(values: Sequence[float]) -> list[float]:
    """Return round values (1, 2, 5 of a decade) within *values*, few enough to be read."""
    low, high = min(values) / 1.2, max(values) * 1.2
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    within = [tick for tick in ticks if low <= tick <= high]
    return within[:: max(1, math.ceil(len(within) / 8))]


def _table(trials: Sequence[Mapping[str, Any]]) -> Markup:
    heads = ("rate", "ended", "p50", "p95", "p99", "failed", "per second", "why", "run")
    rows = [element("tr", _cells(one)) for one in trials]
    head = element("tr", [element("th", one) for one in heads])
    return element("table", element("thead", head), element("tbody", rows), cls="table")


def _cells(one: Mapping[str, Any]) -> list[Markup]:
    run = str(one["run"])
    figures = [
        f"{one['rate']:,.4g}/s",
        WORDS[one["ended"]],
        *(span(one[key]) for key in ("p50_s", "p95_s", "p99_s")),
        share(one["failed_share"]),
        rate(one["ended_per_s"]),
    ]
    link = element("a", run.rpartition("-")[2], href=f"{run}/plan.txt", title=run)
    return [
        *(element("td", figure, cls="n") for figure in figures),
        element("td", one["why"]),
        element("td", link),
    ]


def _at(value: float) -> str:
    return f"{value:.1f}"


def _asset(name: str) -> str:
    return resources.files("hormesis.reports").joinpath("assets", name).read_text("utf-8")
